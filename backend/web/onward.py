"""Where somebody wanted to go before a login or a form stood in the way."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_address(request: HttpRequest, target: str) -> str:
    """The target when it is an address of this service, else "".

    What does not begin with a slash is none: `redirect` would take it for the name of a page.
    """
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours and target.startswith("/") else ""
