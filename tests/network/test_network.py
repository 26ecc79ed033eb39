"""Private authorities and proxies, with real TLS and a real proxy on loopback: the API, git and models alike."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr, ValidationError

from bot.config import ConfigError, Settings
from bot.forgejo.errors import Unreachable
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options
from bot.git import GitError, GitLimits, Mirrors
from bot.llm.outcome import Unanswered
from bot.llm.transport import Gate
from bot.network import DIRECT, Network
from tests.gitwork import REPOSITORY, Forge, running_forge
from tests.llm.model_server import model_server
from tests.network.relays import NAME, Proxy, authority, proxy_before, tls_before

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")


@pytest.fixture(autouse=True)
def plain_environment() -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in CERTIFICATES if name in os.environ}
    yield
    for name in CERTIFICATES:
        os.environ.pop(name, None)
    os.environ.update(before)


@dataclass
class Secured:
    """A forge that is reached by TLS alone; its authority is in a file."""

    forge: Forge
    url: str
    folder: Path
    ca_file: Path

    async def version(self, network: Network) -> str:
        """Asks the API."""
        options = Options(attempts=1, network=network)
        async with HttpxForgejo(self.url, self.forge.token, options) as client:
            return str((await client.getitem("/version"))["version"])

    async def fetched(self, network: Network) -> bool:
        """Fetches with git."""
        limits, root = GitLimits(), self.folder / f"mirrors-{secrets.token_hex(4)}"
        mirrors = Mirrors(root, self.url, lambda: self.forge.token, limits, network)
        head = self.forge.work.head()
        await mirrors.mirror(REPOSITORY).fetch({"refs/heads/main": head})
        return not await mirrors.mirror(REPOSITORY).apart((head,), (head,))


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[Secured]:
    async with running_forge(tmp_path) as forge, tls_before(forge.sandbox.url, tmp_path) as url:
        yield Secured(forge, url, tmp_path, authority().file(tmp_path))


async def test_a_server_of_a_private_authority_is_reached_with_its_file(secured: Secured) -> None:
    network = Network(secured.ca_file)
    assert "gitea" in await secured.version(network)
    assert await secured.fetched(network)


async def test_a_server_whose_authority_is_unknown_is_refused_with_the_setting_that_mends_it(secured: Secured) -> None:
    with pytest.raises(Unreachable, match="set ASSAY_CA_FILE to a file with its certificate authority") as caught:
        await secured.version(DIRECT)
    assert not caught.value.sent
    with pytest.raises(GitError, match="certificate"):
        await secured.fetched(DIRECT)


async def test_the_certificates_of_the_environment_are_believed_by_the_api_and_by_git(secured: Secured) -> None:
    os.environ["SSL_CERT_FILE"] = str(secured.ca_file)
    assert "gitea" in await secured.version(DIRECT)
    assert await secured.fetched(DIRECT)


async def test_the_setting_goes_before_the_environment(secured: Secured) -> None:
    os.environ["SSL_CERT_FILE"] = "/nowhere.pem"
    assert "gitea" in await secured.version(Network(secured.ca_file))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        await secured.version(DIRECT)


async def test_models_are_asked_with_the_same_authority(tmp_path: Path) -> None:
    network = Network(authority().file(tmp_path))
    async with model_server() as server, tls_before(server.url, tmp_path) as url:
        server.says("green")
        assert (await _asked(url, network)).status_code == 200
        with pytest.raises(Unanswered, match="cannot be reached"):
            await _asked(url, DIRECT)


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[tuple[Secured, Proxy, Network]]:
    """A forge that has no address but the proxy's."""
    word = secrets.token_hex(8)
    async with running_forge(folder) as forge, proxy_before(forge.sandbox.url) as proxy:
        network = Network(proxy=proxy.url.replace("//", f"//bot:{word}@"))
        yield Secured(forge, f"http://{NAME}:8080", folder, folder), proxy, network


async def test_api_and_git_go_through_the_proxy(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (secured, proxy, network):
        assert "gitea" in await secured.version(network)
        assert proxy.asked == [f"GET http://{NAME}:8080/api/v1/version"]
        assert await secured.fetched(network)
        assert any(f"http://{NAME}:8080/{REPOSITORY}.git/" in asked for asked in proxy.asked)
        assert proxy.authorised


async def test_a_secured_server_is_reached_through_a_tunnel(secured: Secured) -> None:
    async with proxy_before(secured.url) as proxy:
        secured.url = f"https://{NAME}:8443"
        network = Network(secured.ca_file, proxy.url)
        assert "gitea" in await secured.version(network)
        assert await secured.fetched(network)
    assert set(proxy.asked) == {f"CONNECT {NAME}:8443"}


async def test_models_are_asked_through_the_proxy(tmp_path: Path) -> None:
    async with model_server() as server, proxy_before(server.url) as proxy:
        server.says("green")
        network = Network(proxy=proxy.url)
        assert (await _asked("http://models.test/v1", network)).status_code == 200
    assert proxy.asked == ["POST http://models.test/v1/chat/completions"]


async def test_a_proxys_password_is_in_no_message(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (secured, proxy, network):
        proxy.port = 9
        for attempt in (secured.version, secured.fetched):
            with pytest.raises((Unreachable, GitError)) as caught:
                await attempt(network)
            assert network.secrets()[0] not in f"{caught.value}{caught.value!r}{network!r}"


@pytest.mark.parametrize(
    ("url", "direct"),
    [
        ("http://127.0.0.1:3000", True),
        ("http://[::1]:3000", True),
        ("http://localhost", True),
        ("https://forge.lan/git", True),
        ("https://FORGE.LAN", True),
        ("https://deep.forge.lan", True),
        ("https://notforge.lan", False),
        ("https://forge.lan.example", False),
        ("http://10.0.0.1", False),
    ],
)
def test_loopback_and_what_is_named_are_reached_without_the_proxy(url: str, direct: bool) -> None:
    network = Network(proxy="http://proxy.lan:3128", direct=("forge.lan",))
    assert network.proxy_for(url) == ("" if direct else "http://proxy.lan:3128")


def test_the_settings_name_authority_and_proxy(tmp_path: Path) -> None:
    word = secrets.token_hex(8)
    settings = Settings(
        ca_file=authority().file(tmp_path),
        proxy=SecretStr(f"http://bot:{word}@proxy.lan:3128/"),
        no_proxy="a.lan, b.lan",
    )
    network = settings.network()
    assert (network.ca_file, network.direct) == (tmp_path / "authority.pem", ("a.lan", "b.lan"))
    assert network.proxy_for("https://forge.example") == f"http://bot:{word}@proxy.lan:3128"
    assert word not in repr(settings) + repr(network)


@pytest.mark.parametrize(("content", "told"), [(None, "cannot be read"), ("", "contains no"), ("-----", "contains no")])
def test_a_file_without_certificates_is_refused(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ValidationError, match=told):
        Settings(ca_file=path)


@pytest.mark.parametrize("text", ["proxy.lan:3128", "socks5://proxy.lan", "http://", "http://proxy.lan/path"])
def test_what_is_no_proxys_address_is_refused_unseen(text: str) -> None:
    with pytest.raises(ValidationError, match="use a full one") as caught:
        Settings(proxy=SecretStr(text))
    assert text not in str(caught.value).replace("http://proxy.example", "")


async def _asked(url: str, network: Network) -> httpx2.Response:
    root = url if url.endswith("/v1") else f"{url}/v1"
    gate = Gate(SecretStr(""), root, network)
    try:
        question = httpx2.Request("POST", f"{root}/chat/completions", json={"messages": []})
        return await gate.handle_async_request(question)
    finally:
        await gate.aclose()
