"""Settings of outgoing connections: the trusted certificate authorities, and the proxy.

They apply to all connections: the API client, git and models. Proxies of the environment are not used, because requests
may contain text of a private repository; `SSL_CERT_FILE` and `SSL_CERT_DIR` are.
"""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


@dataclass(frozen=True)
class Network:
    """The settings of connections. `direct` are hosts that are reached without the proxy."""

    ca_file: Path | None = None
    proxy: str = field(default="", repr=False)
    """The proxy's URL; it may contain a password."""
    direct: tuple[str, ...] = ()

    def proxy_for(self, url: str) -> str:
        """Return the proxy for a URL; empty for a direct connection. Loopback is always direct."""
        host = (urlsplit(url).hostname or "").casefold()
        return "" if _loopback(host) or any(_within(host, one) for one in self.direct) else self.proxy

    def secrets(self) -> tuple[str, ...]:
        """Return the parts of the proxy's URL that must be masked in texts."""
        parts = urlsplit(self.proxy)
        return tuple(filter(None, (parts.password,)))

    def authorities(self) -> tuple[str, str]:
        """Return the file and the folder of the trusted authorities; empty for the library's default."""
        if self.ca_file is not None:
            return str(self.ca_file), ""
        return os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")

    def context(self) -> ssl.SSLContext | None:
        """Return the context that verifies certificates; None if no authorities are set. Raises OSError."""
        file, folder = self.authorities()
        return _verifying(file, folder) if file or folder else None

    def git(self, server: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return git's configuration and environment for connections to a server."""
        file, folder = self.authorities()
        # With an empty proxy git ignores the proxies of its environment.
        settings = {"http.proxy": self.proxy_for(server), **({"http.proxySSLCAInfo": file} if file else {})}
        named = {"GIT_SSL_CAINFO": file or os.environ.get("GIT_SSL_CAINFO", ""), "GIT_SSL_CAPATH": folder}
        return settings, {name: value for name, value in named.items() if value}


DIRECT = Network()
"""The default: the libraries' own authorities, and no proxy."""


@cache
def _verifying(file: str, folder: str) -> ssl.SSLContext:
    """Return the context; cached, because reading certificates takes most of the time of a new client."""
    return ssl.create_default_context(cafile=file or None, capath=folder or None)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _within(host: str, domain: str) -> bool:
    name = domain.casefold().lstrip(".")
    return host == name or host.endswith(f".{name}")


def _usable(file: Path | None) -> Path | None:
    if file is None:
        return None
    try:
        found = ssl.create_default_context(cafile=file).get_ca_certs()
    except ssl.SSLError:
        found = []
    except OSError:
        raise ValueError("the file cannot be read; use a PEM file with the certificates of your authorities") from None
    if not found:
        raise ValueError("the file contains no certificate of an authority; add one in PEM format")
    return file.absolute()


def _whole(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    parts = urlsplit(text)
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if text and not (parts.scheme in {"http", "https"} and parts.hostname and bare):
        raise ValueError("invalid URL of a proxy; use a full one such as http://proxy.example:3128")
    return SecretStr(text.rstrip("/"))


AuthorityFile = Annotated[Path | None, AfterValidator(_usable)]
"""A PEM file with at least one certificate of an authority."""
ProxyAddress = Annotated[SecretStr, AfterValidator(_whole)]
"""The URL of an HTTP proxy; it may contain a user and a password."""
