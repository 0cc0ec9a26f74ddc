"""What a browser remembers of who used it last, in a signed cookie: for what must not be shown to the next person there."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

SALT = "device"
KEPT_SECONDS = 365 * 24 * 3600
ACCOUNT, PUSH = "account", "push"


def read_device(request: HttpRequest) -> dict[str, Any]:
    """account: the number of the last one that was logged in. push: the subscription made in this browser."""
    found: dict[str, Any] | None = getattr(request, "_device", None)
    if found is None:
        try:
            found = dict(signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT))
        except (signing.BadSignature, ValueError, TypeError):
            found = {}
        request._device = found  # type: ignore[attr-defined]  # noqa: SLF001 - read once for each request
    return found


def last_account(request: HttpRequest) -> int | None:
    """Whose browser it was: of whoever is logged in, else of whoever was last."""
    if request.user.is_authenticated:
        return request.user.pk
    return read_device(request).get(ACCOUNT)


def is_of_this_account(request: HttpRequest, writer: int | None) -> bool:
    """Whether what somebody wrote in this browser is shown now. writer: whose browser it was then; None when nobody had ever
    logged in there, so that it can only be the person's own."""
    return writer is None or writer == last_account(request)


def remember(request: HttpRequest, response: HttpResponse, **changes: Any) -> None:
    """Writes the cookie when it says something else than before."""
    before = read_device(request)
    after = {name: value for name, value in (before | changes).items() if value is not None}
    if after == before:
        return
    request._device = after  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(after, salt=SALT),
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
