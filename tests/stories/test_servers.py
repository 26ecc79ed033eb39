"""From setup to a restored label on each server: Forgejo 12, Forgejo 16 and Gitea."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import Target
from bot.sandbox import SERVERS, Server
from bot.sandbox.world import BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World, world
from bot.setup import setup
from tests import protections
from tests.stories.checks.test_judging import MATTER
from tests.stories.contexts import statuses
from tests.stories.pushes import clean_pull, leaking_pull
from tests.stories.server import RULES

pytestmark = pytest.mark.long

REPO = f"/repos/{REPOSITORY}"
LEAK = "safety:secret-touch"


@pytest.fixture(params=SERVERS, ids=lambda server: server.name)
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    server: Server = request.param
    async with world(tmp_path, server=server, rules_cache_dir=RULES) as running:
        await running.api[OPERATOR].post(f"{REPO}/branch_protections", protections.rule())
        said: list[str] = []
        assert await setup(running.machine, REPOSITORY, say=said.append), said
        yield running


async def test_setup_makes_a_hook_of_the_servers_own_kind(scene: World) -> None:
    (hook,) = await scene.api[OPERATOR].getitem(f"{REPO}/hooks")
    assert (hook["type"], hook["active"]) == (scene.sandbox.server.hook_types[0], True)
    names = {label["name"] async for label in scene.api[OPERATOR].getiter(f"{REPO}/labels")}
    assert {LEAK, "judge/p0"} <= names


async def test_setup_says_whether_manual_merges_are_detected_where_the_server_tells(scene: World) -> None:
    await scene.api[OPERATOR].patch(REPO, {"autodetect_manual_merge": True})
    said: list[str] = []
    gitea = scene.sandbox.server.gitea
    assert await setup(scene.machine, REPOSITORY, say=said.append) is not gitea
    (line,) = [line for line in said if "protection:" in line]
    assert line.startswith("! protection: manual merges are detected" if gitea else "✓ protection: only operators")
    assert ("does not tell through its API" in line) is not gitea


async def test_a_pull_request_is_judged_and_its_statuses_stand(scene: World) -> None:
    number, head = await clean_pull(scene)
    leaking, guilty = await leaking_pull(scene)
    await scene.settled()
    assert await statuses(scene, head) == {"assay": "success"}
    assert await statuses(scene, guilty) == {"assay": "failure", "assay/secret-leak": "failure"}
    assert (LEAK in await scene.labels(number), LEAK in await scene.labels(leaking)) == (False, True)
    assert [len(await scene.reports(one)) for one in (number, leaking)] == [1, 1]


async def test_a_command_changes_a_label_although_another_label_is_named_like_its_id(scene: World) -> None:
    number = await scene.open_issue(OUTSIDER, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    there = await scene.api[OPERATOR].getitem(f"{REPO}/issues/{number}/labels")
    (before,) = [label for label in there if label["name"].startswith("judge/p")]
    shadow = {"name": str(before["id"]), "color": "888888"}
    await scene.api[OPERATOR].post(f"{REPO}/labels", shadow)
    await scene.api[OPERATOR].post(f"{REPO}/issues/{number}/labels", {"labels": [shadow["name"]]})
    comment = await scene.write(OPERATOR, number, "/priority p0")
    await scene.settled()
    assert await scene.reactions(comment) == ["+1", "eyes"]
    labels = await scene.labels(number)
    assert {"judge/p0", shadow["name"]} <= {*labels}
    assert before["name"] not in labels


async def test_what_a_writer_changed_is_restored(scene: World) -> None:
    number, _ = await leaking_pull(scene)
    await scene.settled()
    report = await scene.report(number)
    assert report is not None
    await scene.api[WRITER].patch(f"{REPO}/issues/comments/{report['id']}", {"body": "All is well."})
    await scene.settled()
    restored = await scene.report(number)
    assert restored is not None
    assert (restored["id"], "deploy/runner.env" in restored["body"]) == (report["id"], True)


async def test_nothing_is_written_twice(scene: World) -> None:
    number, _ = await leaking_pull(scene)
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.machine.engine.submit(Target.parse(f"{REPOSITORY}!{number}"))
    await scene.settled()
    assert [call for call in scene.sandbox.writes if call.user == BOT] == []
