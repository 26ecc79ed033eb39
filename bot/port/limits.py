"""Limits of a port. The number of connections follows from the number of files that the process may open."""

import ipaddress
import resource
from dataclasses import dataclass

RESERVED_FILES = 256
"""Descriptors for git, the database, requests to Forgejo and models, and the log."""
LEAST_CONNECTIONS = 32
MOST_CONNECTIONS = 512
UNLIMITED = 1 << 20
V6_SITE = 64
"""Bits of an IPv6 address that usually belong to one customer, who can use all addresses below."""


class TooFewFiles(ValueError):
    """The process may open too few files for the configured connections; the text says what to do."""


@dataclass(frozen=True)
class PortLimits:
    """The maximum of open connections, in all and from one address, and time limits in seconds.

    `head_seconds` is for the head of a request, `idle_seconds` for the time between two requests of a connection.
    """

    connections: int
    per_address: int
    head_seconds: float = 10.0
    idle_seconds: float = 75.0


def open_files() -> int:
    """Return the number of files that this process may open (the soft limit of RLIMIT_NOFILE)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def port_limits(connections: int, per_address: int, files: int) -> PortLimits:
    """Return the limits for the settings, of which 0 means a default derived from `files`.

    One address gets half of all connections by default, so that it cannot take all of them. Raises TooFewFiles.
    """
    room = files - RESERVED_FILES
    if room < max(connections, LEAST_CONNECTIONS):
        needed = max(connections, LEAST_CONNECTIONS) + RESERVED_FILES
        raise TooFewFiles(
            f"the process may open {files} files and needs {needed}; raise the limit (ulimit -n, or LimitNOFILE= in "
            "the systemd unit), or lower ASSAY_MAX_CONNECTIONS"
        )
    most = connections or min(room, MOST_CONNECTIONS)
    return PortLimits(most, min(per_address, most) if per_address else max(1, most // 2))


def site_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, V6_SITE), strict=False))
