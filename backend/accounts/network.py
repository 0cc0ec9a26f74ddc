"""Which address a request comes from, as far as the proxies in front can be believed."""

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address that rate limits count, see TRUSTED_PROXIES; "" when there is none, as in a command."""
    return get_client_ip(request) or ""
