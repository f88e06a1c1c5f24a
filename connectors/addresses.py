"""What an address in the settings says about where it leads."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, by its name or its address; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
