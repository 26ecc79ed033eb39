"""How models are asked, over a real socket: how many at once, how long, until when not, and with what key."""

import asyncio
import json
import logging
import secrets
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from bot.config import ConfigError, ModelSettings
from bot.llm.client import Circuit, Models, Outcome, Unanswered
from bot.model import NoAnswer, Question
from bot.telemetry import Metrics
from tests.llm.askers import GOOD, KINDS, Asker, Clock, Opinion, asking
from tests.llm.model_server import ModelServer, model_server


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
async def test_a_slow_model_is_given_up_and_hung_up_on(server: ModelServer, kind: str) -> None:
    server.hangs()
    async with asking(server.url, kind=kind, seconds=0.5) as asker:
        await asker.fails("timeout", "it did not answer in time")
        await asyncio.wait_for(server.let_go.wait(), 5)


async def test_a_model_that_never_stops_talking_is_given_up(server: ModelServer) -> None:
    server.goes_on(b" ")
    async with asking(server.url, seconds=0.5) as asker:
        await asker.fails("timeout")
        await asyncio.wait_for(server.let_go.wait(), 5)


async def test_who_takes_the_question_back_hangs_up(server: ModelServer) -> None:
    server.hangs()
    server.says(GOOD)
    async with asking(server.url, concurrency=1) as asker:
        task = asyncio.create_task(asker.ask())
        await server.seen(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.let_go.wait(), 5)
        assert asker.counted("cancelled") == 1
        assert (await asker.ask()).priority == "p1"


async def test_no_more_are_asked_at_once_than_allowed_and_the_line_moves_on(server: ModelServer) -> None:
    free = asyncio.Event()
    for _ in range(2):
        server.says(GOOD)
        server.holds_back(free)
    async with model_server() as other:
        settings = {
            "slow": ModelSettings(url=f"{server.url}/v1", model="m"),
            "patient": ModelSettings(url=f"{other.url}/v1", model="m"),
            "hasty": ModelSettings(url=f"{other.url}/v1", model="m", seconds=0.1),
        }
        models = Models(settings, clock=Clock(), metrics=Metrics(), concurrency=2)
        asked = [asyncio.create_task(models.ask(Question("slow", "Judge.", "dry", Opinion))) for _ in range(2)]
        await server.seen(2)
        asked.append(asyncio.create_task(models.ask(Question("patient", "Judge.", "dry", Opinion))))
        with pytest.raises(NoAnswer, match="too many questions were waiting"):
            await models.ask(Question("hasty", "Judge.", "dry", Opinion))
        assert other.asked == []
        other.says(GOOD)
        free.set()
        assert await asyncio.gather(*asked) == [Opinion.model_validate_json(GOOD)] * 3
        await models.close()


# The circuit.


async def test_a_model_that_fails_three_times_is_left_alone_for_a_minute(server: ModelServer) -> None:
    for _ in range(3):
        server.replies(status=500)
    async with asking(server.url) as asker:
        for _ in range(3):
            await asker.fails("http")
        asker.clock.pass_by(59)
        await asker.fails("paused", "paused for a minute")
        assert len(server.asked) == 3
        asker.clock.pass_by(1)
        server.replies(status=500)
        await asker.fails("http")
        await asker.fails("paused")
        asker.clock.pass_by(60)
        server.says(GOOD)
        await asker.ask()
        server.replies(status=500)
        await asker.fails("http")
        server.says(GOOD)
        await asker.ask()


async def test_who_waited_in_line_while_the_model_failed_asks_nothing(server: ModelServer) -> None:
    fail = asyncio.Event()
    for _ in range(3):
        server.replies(status=500)
    server.holds_back(fail)
    async with asking(server.url, concurrency=1) as asker:
        await asker.fails("http")
        await asker.fails("http")
        third, fourth = asyncio.create_task(asker.ask()), asyncio.create_task(asker.ask())
        await server.seen(3)
        fail.set()
        faults = await asyncio.gather(third, fourth, return_exceptions=True)
    assert [fault.outcome for fault in faults if isinstance(fault, Unanswered)] == ["http", "paused"]
    assert len(server.asked) == 3


@pytest.mark.parametrize("outcome", Outcome)
def test_what_an_endpoint_is_to_blame_for_opens_the_circuit(outcome: Outcome) -> None:
    circuit, clock = Circuit(), Clock()
    for _ in range(3):
        circuit.check(clock.now)
        circuit.saw(outcome, clock.now)
    if outcome in {"unreachable", "timeout", "http"}:
        with pytest.raises(Unanswered):
            circuit.check(clock.now)
    else:
        circuit.check(clock.now)


async def test_only_faults_in_a_row_count(server: ModelServer) -> None:
    async with asking(server.url) as asker:
        for _ in range(3):
            server.replies(status=503)
            server.replies(status=503)
            server.says(GOOD)
            await asker.fails("http")
            await asker.fails("http")
            await asker.ask()


async def test_a_stranger_cant_silence_a_model_by_what_he_writes(server: ModelServer) -> None:
    async with asking(server.url) as asker:
        for _ in range(4):
            server.says(None, refusal="no")
            await asker.fails("refused")
            server.replies(status=400)
            await asker.fails("rejected")
            server.says('{"priority": "p1', finish="length")
            await asker.fails("too_long")
        server.says(GOOD)
        await asker.ask()


async def test_one_model_left_alone_is_not_all_of_them(server: ModelServer) -> None:
    async with model_server() as gone:
        closed = gone.url
    settings = {
        "gone": ModelSettings(url=closed, model="m"),
        "small": ModelSettings(url=f"{server.url}/v1", model="m"),
    }
    models = Models(settings, clock=Clock(), metrics=Metrics())
    for why in ["reached", "reached", "reached", "is paused"]:
        with pytest.raises(NoAnswer, match=why):
            await models.ask(Question("gone", "Judge.", "dry", Opinion))
    server.says(GOOD)
    assert await models.ask(Question("small", "Judge.", "dry", Opinion)) == Opinion.model_validate_json(GOOD)
    await models.close()


# Keys, and what it costs.


def key_file(folder: Path, key: str) -> Path:
    path = folder / "model.key"
    path.write_text(f"{key}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("kind", KINDS)
async def test_the_key_is_sent_and_shown_nowhere(
    server: ModelServer, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    key = secrets.token_hex(20)
    caplog.set_level(logging.DEBUG)
    server.says(GOOD)
    server.replies(f'{{"error": "wrong key {key}"}}', status=401)
    server.says(key)
    server.says(key)
    told: list[str] = []
    with structlog.testing.capture_logs() as lines:
        async with asking(server.url, kind=kind, api_key_file=key_file(tmp_path, key)) as asker:
            await asker.ask()
            for _ in range(2):
                with pytest.raises(NoAnswer) as caught:
                    await asker.ask()
                told += traceback.format_exception(caught.value)
            for seat in asker.models._seats.values():
                told += [repr(seat), repr(vars(seat)), repr(vars(seat.endpoint)), repr(vars(asker.models))]
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {key}"] * 4
    assert [line["outcome"] for line in lines] == ["http", "invalid"]
    assert caplog.text
    shown = "".join([*told, caplog.text, *capfd.readouterr(), json.dumps(lines, default=str)])
    assert key not in shown


def test_a_key_that_cant_be_read_is_told_at_the_start(tmp_path: Path) -> None:
    path = key_file(tmp_path, "x")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match=r"models.small.api_key_file: .* run chmod 600"):
        Asker("http://127.0.0.1:1", api_key_file=path)


def test_a_bot_without_models_loads_nothing_that_asks_them() -> None:
    script = (
        "import sys; import bot.llm.client; "
        "print([name for name in ('pydantic_ai', 'openai', 'httpx2', 'opentelemetry') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
