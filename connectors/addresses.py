"""What an address in the settings says about where it leads."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, by its name or its address; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_parts(url: str, *, example: str) -> SplitResult:
    """The parts of an address.

    Raises:
        ValueError: It is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"needs an address such as {example}")
    return parts


def require_secrecy(parts: SplitResult) -> None:
    """Refuse to speak in the clear beyond this machine.

    Raises:
        ValueError: It would be.
    """
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("needs https: http is for addresses of this machine only")


def require_endpoint(url: str, *, example: str) -> str:
    """The address of an interface without its last slash, if requests with credentials may go there.

    Raises:
        ValueError: It is no address, holds credentials, or would be spoken to in the clear beyond this machine.
    """
    parts = address_parts(url, example=example)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("holds more than an address; credentials have settings of their own")
    require_secrecy(parts)
    return url.rstrip("/")
