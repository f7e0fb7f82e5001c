"""Where a request comes from: this machine, a page of this app, or somewhere else."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

#: Headers that a proxy adds to name the client. Programs on this machine do not send them.
_FORWARDING = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip"}
)
_FORWARDING_PREFIXES = ("x-forwarded", "x-original-", "x-envoy-", "cf-")


def is_loopback(address: str | None) -> bool:
    """Whether an address or host name can only mean this machine."""
    if address is None:
        return False
    if address.lower() == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def host_name(host: str | None) -> str | None:
    """The name in a Host header, without its port; None if there is none."""
    try:
        return urlsplit(f"//{host or ''}").hostname
    except ValueError:
        return None


def is_forwarded(names: Iterable[str]) -> bool:
    """Whether the header names show that a proxy passed the request on."""
    lowered = [name.lower() for name in names]
    return any(name in _FORWARDING or name.startswith(_FORWARDING_PREFIXES) for name in lowered)


def is_origin_of(origin: str, hosts: Iterable[str]) -> bool:
    """Whether an Origin header names a page of one of the hosts ("localhost:8501")."""
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and host != "" and host in set(hosts)
