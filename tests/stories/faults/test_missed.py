"""What happens while the bot is down is found when it is up again; Forgejo sends nothing twice."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.policy import PATH
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from bot.setup.repository import setup
from tests.stories.conftest import hook
from tests.stories.contexts import statuses
from tests.stories.houses import Home
from tests.stories.pushes import clean_pull, leaking_pull, token_line

pytestmark = pytest.mark.long

LEAK = "safety:secret-touch"


async def issue(scene: World, title: str, body: str = "") -> int:
    answer = await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues", {"title": title, "body": body})
    return int(answer["number"])


async def name_the_agents(scene: World) -> None:
    checkout = await scene.clone(OPERATOR)
    await checkout.branch("straight")
    tip = await checkout.commit("Name the agents", {PATH: f"agents: [{AGENT}]\n"})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)


async def test_after_a_silence_all_is_as_it_should_be(home: Home) -> None:
    silence = timedelta()
    async with home(clock=lambda: datetime.now(UTC) + silence) as scene:
        await hook(scene)
        await name_the_agents(scene)
        commented, _ = await leaking_pull(scene, "codex/a")
        labelled, _ = await leaking_pull(scene, "codex/b")
        forged, head = await leaking_pull(scene, "codex/c")
        issues = [await issue(scene, f"Bed {number}") for number in range(27)]
        await scene.settled()
        scene.sandbox.hooks_paused = True
        report = await scene.report(commented) or {}
        await scene.api[WRITER].patch(f"/repos/{REPOSITORY}/issues/comments/{report['id']}", {"body": "all is well"})
        labels = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{labelled}/labels")
        await scene.api[AGENT].delete(f"/repos/{REPOSITORY}/issues/{labelled}/labels/{labels[0]['id']}")
        status = {"context": "assay/secret-leak", "state": "success"}
        await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", status)
        for number in issues:
            await scene.api[OUTSIDER].patch(f"/repos/{REPOSITORY}/issues/{number}", {"body": token_line()})
        fresh, fresh_head = await leaking_pull(scene, "codex/new")
        scene.sandbox.reset_calls()
        await scene.service.worker.catch_up()
        silence = timedelta(minutes=11)
        await scene.machine.resync.relook()
        await scene.settled()
        assert "Blocked" in (await scene.report(commented) or {})["body"]
        assert "edited by somebody else" in (await scene.report(commented) or {})["body"]
        assert await statuses(scene, head) == {"assay": "failure", "assay/secret-leak": "failure"}
        assert "set by codex" in (await scene.report(forged) or {})["body"]
        for number in issues:
            assert "A secret in the description" in (await scene.report(number) or {"body": ""})["body"]
        assert await statuses(scene, fresh_head) == {"assay": "failure", "assay/secret-leak": "failure"}
        assert LEAK in await scene.labels(fresh)
        assert LEAK in await scene.labels(labelled)


async def test_setting_up_a_full_repository_is_silent_until_something_happens(home: Home) -> None:
    async with home() as scene:
        old = [await issue(scene, f"Old {number}", token_line()) for number in range(30)]
        number, head = await clean_pull(scene, "codex/old")
        await setup(scene.machine, REPOSITORY, say=lambda _line: None)
        await scene.machine.resync.sweep()
        await scene.settled()
        assert [call for call in scene.sandbox.writes if call.user == BOT and "comments" in call.path] == []
        assert await statuses(scene, head) == {}
        await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{old[3]}/comments", {"body": "still dry"})
        await scene.api[OUTSIDER].post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": "nice"})
        await scene.settled()
        assert await statuses(scene, head) == {"assay": "success"}
        assert [len(await scene.reports(number)) for number in (*old[:5], number)] == [0, 0, 0, 1, 0, 1]
