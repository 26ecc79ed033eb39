"""The receiver in a thread of its own: what the worker's loop does not delay, and how the thread ends."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from bot.app import Service, assemble, receiver_thread
from bot.forgejo.signature import sign
from bot.intake.hook_secrets import Signer
from bot.model import SignerKind
from bot.sandbox.world import REPOSITORY, World, world
from bot.store import deliveries
from tests.stories.server import RULES

SECONDS = 20.0


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules_cache_dir=RULES) as opened:
        await opened.settled()
        yield opened


def deliver(scene: World, name: str) -> int:
    """Send a signed delivery, and return the answer's status."""
    signer = Signer(SignerKind.REPOSITORY, scene.repo.id)
    body = json.dumps(
        {
            "action": "opened",
            "issue": {"number": 1},
            "repository": {"id": scene.repo.id, "full_name": REPOSITORY},
            "sender": {"id": 1, "login": "codex"},
        }
    ).encode()
    headers = {
        **sign(body, scene.machine.hook_secrets.secret(signer)),
        "Content-Type": "application/json",
        "X-Forgejo-Delivery": name,
        "X-Forgejo-Event-Type": "issues",
    }
    url = f"{scene.address}/webhooks/forgejo?{signer.query}"
    return httpx.post(url, content=body, headers=headers, timeout=SECONDS).status_code


def while_blocked(ask: Callable[[], int]) -> int:
    """Block the calling thread, and so its event loop, until a question is answered from another thread."""
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join(SECONDS)
    assert answers, "not answered while the loop was blocked"
    return answers[0]


async def test_a_delivery_is_acknowledged_while_the_workers_loop_is_blocked(scene: World) -> None:
    assert while_blocked(lambda: deliver(scene, "blocked")) == 202
    assert while_blocked(lambda: deliver(scene, "blocked")) == 200
    await scene.settled()
    async with scene.machine.store.read() as session:
        (kept,) = await deliveries.shown(session, "blocked")
    assert kept.routed_at is not None


async def test_a_delivery_is_acknowledged_while_an_evaluation_holds_the_database(scene: World) -> None:
    async with scene.machine.store.session() as session:
        await session.execute(text("UPDATE repositories SET full_name = full_name"))
        assert while_blocked(lambda: deliver(scene, "meanwhile")) == 202


async def test_pages_of_health_say_that_the_workers_loop_does_not_answer(
    scene: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_thread, "ANSWER_SECONDS", 0.05)
    for path in ("healthz", "readyz", "metrics"):
        assert while_blocked(lambda path=path: httpx.get(f"{scene.address}/{path}").status_code) == 503
    monkeypatch.undo()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{scene.address}/healthz")).status_code == 200


async def test_a_receiver_that_ends_early_is_told_to_the_server(scene: World) -> None:
    settings = scene.machine.settings.model_copy(update={"port": 0, "data_dir": scene.root / "other"})

    async def crash(service: Service) -> None:
        async with service.running():
            inner = service.receiver._inner
            assert inner is not None
            inner.call_soon_threadsafe(inner.stop)
            async with asyncio.timeout(SECONDS):
                await service.failed()

    async with assemble(settings) as machine:
        with pytest.raises(RuntimeError, match="stopped before"):
            await crash(Service(machine))


async def test_a_worker_that_ends_early_is_told_to_the_server(scene: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(scene.service.worker, "route", broken)
    assert await asyncio.to_thread(deliver, scene, "one") == 202
    with pytest.raises(ValueError, match="a bug"):
        async with asyncio.timeout(SECONDS):
            await scene.service.failed()


async def test_a_port_that_is_taken_is_an_error_at_the_start(scene: World) -> None:
    port = scene.machine.settings.port
    settings = scene.machine.settings.model_copy(update={"port": port, "data_dir": scene.root / "other"})
    async with assemble(settings) as machine:
        with pytest.raises(OSError, match="in use"):
            async with Service(machine).running():
                pass
    assert [one.name for one in threading.enumerate()].count("receiver") == 1


async def test_a_start_that_is_cancelled_leaves_no_thread_and_no_port(scene: World) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = scene.machine.settings.model_copy(update={"port": port, "data_dir": scene.root / "other"})

    async def start(machine_ready: asyncio.Event) -> None:
        async with assemble(settings) as machine:
            machine_ready.set()
            async with Service(machine).running():
                await asyncio.Event().wait()

    ready = asyncio.Event()
    task = asyncio.create_task(start(ready))
    await ready.wait()
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [one.name for one in threading.enumerate()].count("receiver") == 1
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))
