"""What stands before a server on loopback: a TLS end with a certificate of its own authority, and a proxy."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "forge.test"
DAY = timedelta(days=1)
REQUEST = re.compile(rb"(?m)^([A-Z]+) (http://[^/\s]+)(/\S*)(?= HTTP/)")
HOST = re.compile(rb"(?im)^(host: )forge\.test(?::\d+)?")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Authority:
    """An authority's certificate, and a server's with its key, as PEM."""

    certificate: bytes
    server: bytes

    def file(self, folder: Path) -> Path:
        """Writes the authority's certificate into a folder."""
        path = folder / "authority.pem"
        path.write_bytes(self.certificate)
        return path


@cache
def authority() -> Authority:
    """Makes an authority, and a server's certificate for loopback and `forge.test`."""
    now, key, server = (
        datetime.now(UTC),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    root = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    basis = x509.CertificateBuilder().issuer_name(root).not_valid_before(now - DAY).not_valid_after(now + DAY)
    own = (
        basis.subject_name(root)
        .serial_number(x509.random_serial_number())
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(*[False] * 5, True, True, False, False), critical=True)
        .sign(key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.DNSName(NAME), x509.IPAddress(ip_address("127.0.0.1"))]
    leaf = (
        basis.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
        .serial_number(x509.random_serial_number())
        .public_key(server.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Authority(
        own.public_bytes(serialization.Encoding.PEM), leaf.public_bytes(serialization.Encoding.PEM) + private
    )


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@asynccontextmanager
async def tls_before(url: str, folder: Path) -> AsyncIterator[str]:
    """A TLS end before a plain server: what comes in is handed on as it is."""
    pem = folder / "server.pem"
    pem.write_bytes(authority().server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, port_of(url))

    async with _listening(talk, context) as port:
        yield f"https://127.0.0.1:{port}"


@dataclass
class Proxy:
    """A proxy that leads every address to one port of loopback, and keeps what it was asked for."""

    port: int
    url: str = ""
    asked: list[str] = field(default_factory=list)
    authorised: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a tunnel (CONNECT), or requests with whole addresses (RFC 9112, section 3.2.2)."""
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"CONNECT "):
            self.asked.append(head.decode().rpartition(" HTTP/")[0])
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            head = b""
        await _join(reader, writer, self.port, head, self._led)

    def _led(self, part: bytes) -> bytes:
        """Keeps what a request asks for, and gives it as the server takes it."""
        self.asked += [found[0].decode() for found in REQUEST.finditer(part)]
        self.authorised += re.findall(rb"(?im)^proxy-authorization: ", part)
        return REQUEST.sub(rb"\g<1> \g<3>", part)


@asynccontextmanager
async def proxy_before(url: str) -> AsyncIterator[Proxy]:
    """An HTTP proxy behind whose addresses there is always the server named."""
    proxy = Proxy(port_of(url))
    async with _listening(proxy.talk) as port:
        proxy.url = f"http://127.0.0.1:{port}"
        yield proxy


@asynccontextmanager
async def _listening(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Talks with each that connects; at the end all talks are given up, and all connections closed."""
    talks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        await _close(writer)

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.get_running_loop().create_task(handle(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for one in talks:
            one.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    port: int,
    first: bytes = b"",
    change: Callable[[bytes], bytes] = bytes,
) -> None:
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

    def known(part: bytes) -> bytes:
        # The server knows itself by its address on loopback alone.
        return HOST.sub(rb"\g<1>127.0.0.1:" + str(port).encode(), change(part))

    far_writer.write(known(first))
    ways = [asyncio.ensure_future(_pour(reader, far_writer, known)), asyncio.ensure_future(_pour(far_reader, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await _close(far_writer)


async def _pour(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, change: Callable[[bytes], bytes] = bytes
) -> None:
    with suppress(ConnectionError):
        while part := await source.read(65536):
            sink.write(change(part))
            await sink.drain()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
