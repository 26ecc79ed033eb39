"""Addresses in the settings: URLs of servers, and the host that the bot listens on."""

import ipaddress
import re
from urllib.parse import urlsplit

from pydantic import HttpUrl

URL_TEXT = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without spaces and backslashes."""
HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})*")
REACHED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told, not bound to
"""Where a bot that listens on all addresses is reached on its own machine."""
LOCAL_NAMES = ("localhost", "localhost.localdomain")


def web_address(value: str, instead: str) -> str:
    """Return an http or https URL without a trailing slash; `instead` names the setting for credentials.

    Raises ValueError for anything else.
    """
    try:
        HttpUrl(value)
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if not parts.hostname:
        raise ValueError("not a complete URL; use one such as https://forge.example.org")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"the URL must not contain a user or password; use {instead}")
    if not URL_TEXT.fullmatch(value):
        raise ValueError("the URL contains spaces or non-ASCII characters; write them percent-encoded")
    if "?" in value or "#" in value:
        raise ValueError("the URL must not have a query or fragment; remove everything from ? or # on")
    return value.rstrip("/")


def listening_host(value: str) -> str:
    """Return an IP address or a host name. Raises ValueError for anything else."""
    if not (_ip(value) or HOST.fullmatch(value)):
        raise ValueError("not an IP address or host name; use one such as 127.0.0.1 or ::1, without brackets and port")
    return value


def local_address(host: str, port: int) -> str:
    """Return the http URL of a host and port; an IPv6 address gets brackets (RFC 3986, section 3.2.2)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_local(host: str) -> bool:
    """Say whether a host can be reached only on its own machine, or is the wildcard address of one."""
    found = _ip(host)
    return host in LOCAL_NAMES if found is None else found.is_loopback or found.is_unspecified


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
