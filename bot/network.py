"""How connections leave the process: by which authorities a certificate is believed, and through which proxy.

One rule for all that speaks to a network: the API client, git and models. Proxies of the environment aren't used, since
what is sent may come out of a private repository; `SSL_CERT_FILE` and `SSL_CERT_DIR` are, as everywhere else.
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
    """What the settings say of connections. `direct` are hosts that are reached without the proxy."""

    ca_file: Path | None = None
    proxy: str = field(default="", repr=False)
    """The proxy's address; it may hold a password."""
    direct: tuple[str, ...] = ()

    def proxy_for(self, url: str) -> str:
        """Gives the proxy for an address, empty where it is reached directly. Loopback always is."""
        host = (urlsplit(url).hostname or "").casefold()
        return "" if _loopback(host) or any(_within(host, one) for one in self.direct) else self.proxy

    def secrets(self) -> tuple[str, ...]:
        """Gives what of the proxy's address has to be kept out of texts."""
        parts = urlsplit(self.proxy)
        return tuple(filter(None, (parts.password,)))

    def authorities(self) -> tuple[str, str]:
        """Gives the file and the folder with the authorities to believe; empty where they are the library's own."""
        if self.ca_file is not None:
            return str(self.ca_file), ""
        return os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")

    def context(self) -> ssl.SSLContext | None:
        """Gives what verifies certificates, None where no authorities are named. Raises OSError."""
        file, folder = self.authorities()
        return _believing(file, folder) if file or folder else None

    def git(self, server: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Gives git's configuration and environment for connections to a server."""
        file, folder = self.authorities()
        # An empty proxy tells git to use none, whatever its environment says.
        settings = {"http.proxy": self.proxy_for(server), **({"http.proxySSLCAInfo": file} if file else {})}
        named = {"GIT_SSL_CAINFO": file or os.environ.get("GIT_SSL_CAINFO", ""), "GIT_SSL_CAPATH": folder}
        return settings, {name: value for name, value in named.items() if value}


DIRECT = Network()
"""Nothing is set: the libraries' own authorities, and no proxy."""


@cache
def _believing(file: str, folder: str) -> ssl.SSLContext:
    """Reading certificates takes longer than anything else in a new client."""
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
        raise ValueError("the file can't be read; name one with the certificates of your authorities") from None
    if not found:
        raise ValueError("the file holds no certificate of an authority; write some into it as PEM")
    return file.absolute()


def _whole(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    parts = urlsplit(text)
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if text and not (parts.scheme in {"http", "https"} and parts.hostname and bare):
        raise ValueError("write the proxy's whole address such as http://proxy.example:3128")
    return SecretStr(text.rstrip("/"))


AuthorityFile = Annotated[Path | None, AfterValidator(_usable)]
"""A file with certificates of authorities; none of them is a mistake."""
ProxyAddress = Annotated[SecretStr, AfterValidator(_whole)]
"""The address of an HTTP proxy, which may hold a user and a password."""
