"""The addresses of the API, read from the URL resolver."""

from collections.abc import Iterator

from django.urls import URLPattern

from backend.api.v1.urls import urlpatterns
from backend.api.views import ApiView


def api_routes() -> Iterator[tuple[str, type[ApiView]]]:
    """Each address below /api/v1/ with its view, without the answer for addresses that do not exist."""
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        if pattern.name != "unknown":
            yield str(pattern.pattern), pattern.callback.cls


def methods_of(view: type[ApiView]) -> list[str]:
    """What the view answers, without HEAD, which is a GET without a body."""
    return [name.upper() for name in view.http_method_names if name != "head" and hasattr(view, name)]
