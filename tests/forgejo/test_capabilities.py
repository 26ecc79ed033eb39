"""Which server answers, from its version alone; and when it is asked again."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from bot.forgejo import ServerReader
from bot.forgejo import capabilities as can
from bot.forgejo.capabilities import FEATURES, Feature, Server, server_of
from bot.forgejo.errors import ForgejoError
from bot.forgejo.server import AGAIN
from tests.forgejo.exchanges import exchange
from tests.forgejo.prepared import Server as Prepared
from tests.forgejo.prepared import ok

F12, F16 = server_of("12.0.0+gitea-1.22.0"), server_of("16.0.0-dev-539-4695780d41+gitea-1.22.0")
G22, G24, G27 = (server_of(text) for text in ("1.22.0", "1.24.6", "1.27.3"))


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("12.0.0+gitea-1.22.0", "Forgejo", (12, 0)),
        ("12.0.0-dev-412-7958942e3e+gitea-1.22.0", "Forgejo", (12, 0)),
        ("16.0.0-dev-539-4695780d41+gitea-1.22.0", "Forgejo", (16, 0)),
        ("13.1.4~rc1+gitea-1.22.0", "Forgejo", (13, 1)),
        (" 15.0.2+gitea-1.22.0\n", "Forgejo", (15, 0)),
        ("1.27.3", "Gitea", (1, 27)),
        ("1.24.0+dev-300-g9d7c1a2", "Gitea", (1, 24)),
        ("v1.25.1", "Gitea", (1, 25)),
        ("1.20.1-0", "Gitea", (1, 20)),
        ("0.13.0", "", (0, 13)),
        ("16.0.0", "", (16, 0)),
        ("", "", (0, 0)),
        ("development", "", (0, 0)),
        ("1", "", (0, 0)),
        ("1.27.3 <script>", "", (0, 0)),
        ("1.27.3\n1.27.3", "", (0, 0)),
        ("1." + "9" * 400, "", (0, 0)),
    ],
)
def test_a_version_tells_the_product(text: str, product: str, version: tuple[int, int]) -> None:
    found = server_of(text)
    assert (found.product, found.version) == (product, version)


@pytest.mark.parametrize("server", ["forgejo-12", "forgejo-16", "gitea"])
def test_recorded_versions_are_known(server: str) -> None:
    found = server_of(exchange("version", server).json["version"])
    assert f"{found.product.casefold()}-{found.version[0]}" in {server, f"{server}-1"}
    assert not found.unsupported
    assert not found.untested


@pytest.mark.parametrize(
    ("feature", "having", "lacking"),
    [
        (can.TASKS, (F12, F16, G22, G27), ()),
        (can.RUNS, (F12, F16, G27), (G22, G24)),
        (can.JOBS, (F16, G27), (F12, G22, G24)),
        (can.JOB_LOGS, (F16, G24, G27), (F12, G22)),
        (can.ARTIFACTS, (F16, G24, G27), (F12, G22)),
        (can.RUN_HOOKS, (F16, G27), (F12, G22, G24)),
        (can.LABELS_BY_NAME, (F16,), (F12, G22, G24, G27)),
        (can.REPOSITORY_TOKENS, (F16,), (F12, G22, G24, G27)),
        (can.ID_TOKENS, (F16,), (F12, G22, G24, G27)),
    ],
    ids=lambda value: value.name if isinstance(value, Feature) else "",
)
def test_each_server_can_what_it_can(feature: Feature, having: tuple[Server, ...], lacking: tuple[Server, ...]) -> None:
    assert {one for one in (F12, F16, G22, G24, G27) if one.can(feature)} >= {*having}
    assert [one for one in lacking if one.can(feature)] == []
    assert not Server().can(feature)
    assert feature in FEATURES


def test_what_is_missing_is_told_with_who_has_it() -> None:
    assert "job logs (Forgejo ≥ 16, Gitea ≥ 1.24)" in map(str, F12.missing)
    assert F16.missing == ()
    assert [str(feature) for feature in G27.missing] == [
        "removing labels by name (Forgejo ≥ 16)",
        "access tokens limited to repositories (Forgejo ≥ 15)",
        "OpenID Connect tokens of jobs (Forgejo ≥ 15)",
    ]


def test_a_server_that_was_not_asked_yet_is_neither_missing_anything_nor_unsupported() -> None:
    assert (Server().missing, Server().unsupported, Server().untested) == ((), "", "")
    assert str(Server()).endswith("not asked yet")


@pytest.mark.parametrize(
    ("text", "unsupported", "untested"),
    [
        ("12.0.0+gitea-1.22.0", "", ""),
        ("16.4.1+gitea-1.22.0", "", ""),
        ("1.22.0", "", ""),
        ("1.27.9", "", ""),
        ("11.0.3+gitea-1.22.0", "Forgejo 11.0.3+gitea-1.22.0 is too old; the bot supports Forgejo 12 to 16", ""),
        ("1.21.11", "Gitea 1.21.11 is too old", ""),
        ("17.0.0+gitea-1.22.0", "", "is newer than Forgejo 16, the newest tested version"),
        ("1.28.0", "", "is newer than Gitea 1.27, the newest tested version"),
        ("0.13.0", "is not Forgejo's or Gitea's; the bot supports Forgejo 12 to 16 and Gitea 1.22 to 1.27", ""),
        ("0.13.0", "unknown server: its version (0.13.0)", ""),
        ("<b>", "unknown server: its version (unknown format)", ""),
    ],
)
def test_older_newer_and_other_servers_get_a_word(text: str, unsupported: str, untested: str) -> None:
    found = server_of(text)
    assert (unsupported in found.unsupported, bool(found.unsupported)) == (True, bool(unsupported))
    assert (untested in found.untested, bool(found.untested)) == (True, bool(untested))


def test_hooks_are_made_by_each_servers_words() -> None:
    assert [one.hook_type for one in (F12, F16, G27, Server())] == ["forgejo", "forgejo", "gitea", "forgejo"]
    assert [one.run_events for one in (F12, F16, G24, G27)] == [
        (),
        ("action_run_success", "action_run_failure"),
        (),
        ("workflow_run", "status"),
    ]


def told(version: str) -> httpx.Response:
    return ok({"version": version})


async def test_the_server_is_asked_again_hourly_and_what_changed_is_logged() -> None:
    server = Prepared(told("15.0.0+gitea-1.22.0"), told("16.0.0+gitea-1.22.0"))
    async with server.client() as client:
        reader = ServerReader(client, server.clock)
        assert reader.known == Server()
        with capture_logs() as logs:
            await reader.refresh()
            server.clock.now += AGAIN - 1
            await reader.refresh()
            assert (reader.known.version, len(server.asked)) == ((15, 0), 1)
            server.clock.now += 1
            assert (await reader.refresh()).version == (16, 0)
    assert [(line["event"], line["server"]) for line in logs] == [
        ("server.known", "Forgejo 15.0.0+gitea-1.22.0"),
        ("server.changed", "Forgejo 16.0.0+gitea-1.22.0"),
    ]
    assert "job logs" in logs[0]["missing"]


@pytest.mark.parametrize("status", [0, 500, 502, 503])
async def test_after_a_fault_the_server_is_asked_again(status: int) -> None:
    server = Prepared(told("15.0.0+gitea-1.22.0"), told("15.0.0+gitea-1.22.0"))
    async with server.client() as client:
        reader = ServerReader(client, server.clock)
        await reader.refresh()
        for fine in (200, 404, 429):
            reader.saw(fine)
        await reader.refresh()
        assert len(server.asked) == 1
        reader.saw(status)
        with capture_logs() as logs:
            await reader.refresh()
        assert (len(server.asked), logs) == (2, [])


async def test_a_server_that_cannot_be_asked_is_what_it_was_and_is_asked_again() -> None:
    server = Prepared(told("15.0.0+gitea-1.22.0"), *[httpx.Response(503)] * 2, told("16.0.0+gitea-1.22.0"))
    async with server.client(attempts=1) as client:
        reader = ServerReader(client, server.clock)
        await reader.refresh()
        reader.saw(503)
        assert (await reader.refresh()).version == (15, 0)
        with pytest.raises(ForgejoError):
            await reader.ask()
        assert (await reader.refresh()).version == (16, 0)


@pytest.mark.parametrize(
    ("version", "event"), [("11.0.0+gitea-1.22.0", "server.unsupported"), ("1.99.0", "server.untested")]
)
async def test_a_server_that_the_bot_is_not_made_for_is_warned_of(version: str, event: str) -> None:
    server = Prepared(told(version))
    async with server.client() as client:
        with capture_logs() as logs:
            await ServerReader(client).ask()
    warned: list[Any] = [line for line in logs if line["log_level"] == "warning"]
    assert [line["event"] for line in warned] == [event]
