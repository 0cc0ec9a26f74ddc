"""Where webhooks go and streams come from: the open internet over TLS, never anybody's own network.

The name is resolved once and the connection is made to the very address that was checked, so that a name server that
changes its answer in between gains nothing.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from backend.common.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]
HTTPS_PORT = 443
LONGEST_URL = 300
# Ranges that carry IPv4 addresses inside them, which then decide.
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not marked as private by the library, or only in some of its versions.
ALSO_REFUSED = [
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
]


class UnreachableError(Exception):
    """The address must not be called, or cannot be found. `reason` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """host: the name for TLS and the Host header. address: the checked address to connect to. path: with its query."""

    host: str
    port: int
    address: str
    path: str

    @property
    def url(self) -> str:
        """Where the connection goes: the number that was checked, not the name."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"https://{address}:{self.port}{self.path}"

    @property
    def headers(self) -> dict[str, str]:
        return {"host": self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"}

    @property
    def extensions(self) -> dict[str, str]:
        """For httpx: TLS checks the certificate of the name."""
        return {"sni_hostname": self.host}


def is_public(text: str) -> bool:
    """Whether the address is one of the open internet: not private, loopback, link-local (cloud metadata), shared,
    reserved, multicast, nor an IPv6 form that leads to such an IPv4 address.
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None:
            return False
    if any(address in network for network in ALSO_REFUSED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, in the order the system prefers. Raises UnreachableError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnreachableError("name_unknown") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: str) -> None:
    """What can be said about an address without asking a name server. Raises Invalid (field "url")."""
    if len(url) > LONGEST_URL:
        raise Invalid("webhook.url_too_long", _("The address is too long."), field="url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("webhook.bad_url", _("This is not an address."), field="url") from error
    if parts.scheme != "https" or not host:
        raise Invalid("webhook.not_https", _("The address must begin with https://."), field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid(
            "webhook.bad_url", _("The address must not hold a user name, a password or a fragment."), field="url"
        )
    is_number = _is_literal(host)
    if (is_number and not is_public(host)) or (not is_number and "." not in host.strip(".")) or port == 0:
        raise Invalid("webhook.not_public", _("The address must lead to the open internet."), field="url")
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise Invalid("webhook.bad_url", _("This is not an address."), field="url")


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def target_of(url: str, *, look_up: Resolve = resolve) -> Target:
    """Resolves and checks; one address outside the open internet refuses them all. Raises UnreachableError."""
    try:
        check_url(url)
    except Invalid as error:
        raise UnreachableError("address_refused") from error
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    found = look_up(host, port)
    if not found:
        raise UnreachableError("name_unknown")
    if not all(is_public(address) for address in found):
        raise UnreachableError("address_refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port, found[0], path)
