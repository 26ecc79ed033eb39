"""Heads that `refs/pull/N/head` does not show, or that cannot be evaluated: no report claims more than was seen."""

import asyncio
import shutil

import pytest

from bot.app import now
from bot.engine import Lease
from bot.sandbox.faults import Fault
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, World
from bot.store import repositories, targets
from tests.stories.contexts import statuses
from tests.stories.houses import mirrors
from tests.stories.pushes import clean_pull, leaking_pull, token_line

pytestmark = pytest.mark.long

FAILURE = RuntimeError("unforeseen")


async def pushed(scene: World, login: str, branch: str, repository: str = REPOSITORY) -> str:
    """A further commit with a token on a branch."""
    checkout = await scene.clone(login, repository)
    await checkout.branch("further", f"origin/{branch}")
    head = await checkout.commit("Deploy", {"deploy/runner.env": token_line()})
    await checkout.push(branch)
    return head


async def set_state(scene: World, login: str, number: int, state: str) -> None:
    await scene.api[login].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"state": state})


async def failing(scene: World, number: int, times: int) -> None:
    for _ in range(times):
        await scene.machine.reconciler.failed(scene.target(f"!{number}"), FAILURE)


async def known(scene: World, number: int) -> None:
    """The bot knows the pull request, and hasn't evaluated it yet."""
    async with scene.machine.store.session() as session:
        await repositories.serve(session, scene.repo, now())
        await targets.add_targets(session, [scene.target(f"!{number}")], quiet=False)


async def evaluated(scene: World, number: int, times: int) -> None:
    """One evaluation after the other, without the waits between failures."""
    await known(scene, number)
    for _ in range(times):
        await scene.machine.reconciler.run(Lease(scene.target(f"!{number}"), asyncio.Event()))


async def body(scene: World, number: int) -> str:
    (report,) = await scene.reports(number)
    return str(report["body"])


async def test_a_secret_pushed_while_closed_blocks_after_a_reopening_by_api(scene: World) -> None:
    number, before = await clean_pull(scene)
    await scene.settled()
    await set_state(scene, AGENT, number, "closed")
    head = await pushed(scene, AGENT, "codex/rain")
    await set_state(scene, AGENT, number, "open")
    shown = await (await scene.clone(AGENT)).git("ls-remote", "origin", f"refs/pull/{number}/head")
    assert shown.split()[0] == before
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert "Blocked" in await body(scene, number)


async def test_a_secret_pushed_to_a_fork_while_closed_blocks_after_a_reopening_by_api(scene: World) -> None:
    await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/forks", {})
    fork = f"{OUTSIDER}/garden"
    checkout = await scene.clone(OUTSIDER, fork)
    await checkout.branch("rain")
    await checkout.commit("Count the rain", {"garden/rain.py": "RAIN = 1\n"})
    await checkout.push("rain")
    number = await scene.open_pull(OUTSIDER, f"{OUTSIDER}:rain", "feat: rain")
    await scene.settled()
    await set_state(scene, OPERATOR, number, "closed")
    head = await pushed(scene, OUTSIDER, "rain", fork)
    await set_state(scene, OPERATOR, number, "open")
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert "Blocked" in await body(scene, number)


async def test_a_report_claims_nothing_for_a_head_that_cannot_be_evaluated(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    assert "No problems found" in await body(scene, number)
    scene.sandbox.hooks_paused = True
    head = await pushed(scene, AGENT, "codex/rain")
    await failing(scene, number, 3)
    assert "No problems found" in await body(scene, number)
    await failing(scene, number, 1)
    assert (await statuses(scene, head))["assay/secret-leak"] == "error"
    told = await body(scene, number)
    assert "No problems found" not in told
    assert f"Commit `{head[:10]}` could not be evaluated (RuntimeError)" in told
    writes = len(scene.sandbox.writes)
    await failing(scene, number, 1)
    assert [call for call in scene.sandbox.writes[writes:] if "comments" in call.path] == []
    await scene.machine.reconciler.apply_once(scene.target(f"!{number}"))
    told = await body(scene, number)
    assert "Blocked" in told
    assert "somebody else" not in told


async def test_the_report_of_a_closed_pull_request_claims_nothing_for_such_a_head_either(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    await set_state(scene, AGENT, number, "closed")
    await scene.settled()
    head = await pushed(scene, AGENT, "codex/rain")
    await failing(scene, number, 4)
    assert "Not checked" in await body(scene, number)
    assert await statuses(scene, head) == {}


async def test_where_there_is_no_report_a_failure_makes_none(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    number, head = await clean_pull(scene)
    await known(scene, number)
    await failing(scene, number, 4)
    assert await scene.reports(number) == []
    assert (await statuses(scene, head))["assay/secret-leak"] == "error"


async def test_a_head_that_the_server_never_provides_is_told_and_commands_are_run(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    await set_state(scene, AGENT, number, "closed")
    head = await pushed(scene, AGENT, "codex/rain")
    await scene.settled()
    scene.sandbox.hooks_paused = True
    await set_state(scene, AGENT, number, "open")
    await scene.api[AGENT].getitem(f"/repos/{REPOSITORY}/pulls/{number}")
    (lost,) = (scene.root / "forge").rglob(f"{head[:2]}/{head[2:]}")
    lost.unlink()
    for folder in mirrors(scene):
        shutil.rmtree(folder)
    await failing(scene, number, 4)
    comment = await scene.write(OPERATOR, number, "/help")
    scene.sandbox.faults.append(Fault("404", r"/statuses/", "POST"))
    await evaluated(scene, number, 1)
    told = await body(scene, number)
    assert "Not fully checked" in told
    assert f"does not provide commit {head[:10]}" in told
    assert await scene.said(number, f"answer-{comment}")


async def test_a_report_of_what_was_evaluated_stays_where_the_server_refuses_statuses(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    number, _ = await leaking_pull(scene)
    scene.sandbox.faults.append(Fault("404", r"/statuses/", "POST"))
    await evaluated(scene, number, 5)
    assert "Blocked" in await body(scene, number)


async def test_statuses_of_what_was_evaluated_stay_where_the_server_refuses_labels(scene: World) -> None:
    scene.sandbox.hooks_paused = True
    number, head = await leaking_pull(scene)
    scene.sandbox.faults.append(Fault("404", rf"/issues/{number}/labels", "POST"))
    await evaluated(scene, number, 5)
    assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert "Blocked" in await body(scene, number)
