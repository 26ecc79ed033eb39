"""`assay serve` as a process: it hears what `assay setup` subscribed it to, and ends when it is asked to."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from bot.sandbox.world import AGENT, OUTSIDER, REPOSITORY, free_port
from tests.cli.forge import REPO, Forge, Outcome

PATIENCE = 60


@pytest.fixture
async def served(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Process]:
    monkeypatch.setenv("ASSAY_PORT", str(free_port()))
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "serve", env=dict(os.environ), **pipes
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def until(asked: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asked():  # noqa: ASYNC110 - another process is asked
            await asyncio.sleep(0.05)


async def ready() -> bool:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"http://127.0.0.1:{os.environ['ASSAY_PORT']}/readyz")
        except httpx.TransportError:
            return False
    return answer.status_code == 200


async def deliveries(forge: Forge) -> list[dict[str, object]]:
    done = await forge.assay("deliveries", "list", "--json")
    assert done.status == 0
    return list(json.loads(done.out))


@pytest.mark.long
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_hears_looks_and_ends_with_0(forge: Forge, served: Process, sign: signal.Signals) -> None:
    await until(ready)
    assert (await forge.assay("setup", REPOSITORY)).status == 0
    await forge.api[OUTSIDER].post(f"{REPO}/issues", {"title": "Dry", "body": ""})
    data = {"content": "aGk=", "message": "Greet"}
    await forge.api[AGENT].post(f"{REPO}/contents/hi.txt", data)
    await until(lambda: heard(forge, "push"))
    await until(lambda: heard(forge, "issues"))
    (one,) = [delivery for delivery in await deliveries(forge) if delivery["event"] == "issues"]
    assert (one["event"], one["repository"], one["number"]) == ("issues", REPOSITORY, 1)
    served.send_signal(sign)
    out, err = await asyncio.wait_for(served.communicate(), PATIENCE)
    assert (served.returncode, err) == (0, b"")
    assert [json.loads(text) for text in out.splitlines()]
    await replayed(forge, str(one["id"]))


async def heard(forge: Forge, event: str) -> bool:
    return any(one["routed_at"] and one["event"] == event for one in await deliveries(forge))


async def replayed(forge: Forge, delivery: str) -> None:
    shown = json.loads((await forge.assay("deliveries", "show", delivery[:8])).out)
    assert shown["id"] == delivery
    assert await forge.assay("deliveries", "replay", delivery) == Outcome(
        0, f"{REPOSITORY}#1 will be evaluated again\n", ""
    )
    (push,) = [str(one["id"]) for one in await deliveries(forge) if one["event"] == "push"]
    assert "no open pull request has this branch as its base" in (await forge.assay("deliveries", "replay", push)).err
    listed = await forge.assay("deliveries", "list", "--event", "push", "--repository", REPOSITORY)
    assert f"routed  {push} push {REPOSITORY} refs/heads/main by codex" in listed.out
    assert (await forge.assay("deliveries", "show", "nothing")).status == 2
