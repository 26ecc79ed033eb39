"""Logins change hands while ids stay: a right belongs to the account that had the login, and so does a restriction."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bot.app.health import READY_SECONDS
from bot.forgejo.errors import ServerFault
from bot.forgejo.httpx import HttpxForgejo
from bot.policy import PATH
from bot.sandbox import Fault
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World, world
from bot.thread.accounts import FRESH
from tests.stories.conftest import hook
from tests.stories.houses import counted
from tests.stories.pushes import clean_pull, leaking_pull
from tests.stories.server import RULES

pytestmark = pytest.mark.long

FINDING = re.compile(r"sf_[0-9a-f]{16}")
TAKEN, REFUSED = ["+1", "eyes"], ["confused"]
POLICY = f"""version: 1
agents: [{AGENT}]
guards: {{red-zone: {{mode: block, paths: ["infra/"]}}}}
gates: [{{phrase: open-the-beds, targets: [1]}}]
"""


@asynccontextmanager
async def newcomer(scene: World, login: str, level: str = "") -> AsyncIterator[HttpxForgejo]:
    """Somebody who registers a login, perhaps as a writer of the repository."""
    token = scene.sandbox.add_user(login)
    if level == "write":
        scene.sandbox.grant(REPOSITORY, login, "write")
    async with HttpxForgejo(scene.sandbox.url, token) as client:
        yield client


async def wrote(scene: World, client: HttpxForgejo, number: int, body: str) -> list[str]:
    """The bot's reactions to a comment."""
    comment = await client.post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": body})
    await scene.settled()
    found = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/issues/comments/{comment['id']}/reactions")
    return sorted(one["content"] for one in found or [])


async def report(scene: World, number: int) -> str:
    comments = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/issues/{number}/comments")
    return next(str(one["body"]) for one in comments if one["body"].startswith("<!-- assay:"))


async def statuses(scene: World, head: str) -> dict[str, str]:
    combined = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/commits/{head}/status")
    return {one["context"]: one["status"] for one in combined["statuses"]}


async def leak(scene: World) -> tuple[int, str, str]:
    """A pull request with a token: number, head and the finding's fingerprint."""
    number, head = await leaking_pull(scene)
    await scene.settled()
    return number, head, FINDING.findall(await report(scene, number))[0]


async def trust(scene: World, policy: str = POLICY) -> None:
    await scene.sandbox.commit_files(REPOSITORY, "main", {PATH: policy}, author=OPERATOR)
    head = (await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/branches/main"))["commit"]["id"]
    await scene.machine.policies.trust(scene.repo, head, "setup")
    await scene.settled()


def renamed(scene: World) -> None:
    scene.sandbox.rename_user(OPERATOR, "zoe")


def deleted(scene: World) -> None:
    scene.sandbox.delete_user(OPERATOR)


def swapped(scene: World) -> None:
    scene.sandbox.rename_user(OPERATOR, "zoe")
    scene.sandbox.rename_user(OUTSIDER, OPERATOR)


@pytest.mark.parametrize("gone", [renamed, deleted])
@pytest.mark.parametrize("login", [OPERATOR, OPERATOR.upper()])
async def test_who_registers_an_operators_old_login_accepts_nothing(
    scene: World, gone: Callable[[World], None], login: str
) -> None:
    number, head, finding = await leak(scene)
    gone(scene)
    async with newcomer(scene, login) as stranger:
        assert await wrote(scene, stranger, number, f"/accept {finding} looks harmless to me") == REFUSED
    assert (await statuses(scene, head))["assay/secret-leak"] == "failure"
    assert counted(scene, "assay_alarms_total", kind="account") == 1
    assert f"assay accounts confirm {login}" in await report(scene, number)


async def test_an_account_that_takes_an_operators_login_by_a_rename_accepts_nothing(scene: World) -> None:
    number, head, finding = await leak(scene)
    swapped(scene)
    assert await wrote(scene, scene.api[OUTSIDER], number, f"/accept {finding} looks harmless") == REFUSED
    assert (await statuses(scene, head))["assay/secret-leak"] == "failure"
    assert await wrote(scene, scene.api[OPERATOR], number, f"/accept {finding} a test token, revoked") == TAKEN
    assert (await statuses(scene, head))["assay"] == "success"
    assert "accepted by operator" in await report(scene, number)


@pytest.mark.parametrize("level", ["read", "write"])
async def test_a_stranger_with_an_operators_login_approves_opens_and_labels_nothing(scene: World, level: str) -> None:
    await trust(scene)
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/infra")
    head = await checkout.commit("Water", {"infra/pump.tf": "pump = true\n"})
    await checkout.push("codex/infra")
    number = await scene.open_pull(AGENT, "codex/infra", "feat: water")
    await scene.settled()
    renamed(scene)
    async with newcomer(scene, OPERATOR, level) as stranger:
        if level == "write":
            park = await stranger.post(f"/repos/{REPOSITORY}/labels", {"name": "judge/park", "color": "#abcdef"})
            await stranger.post(f"/repos/{REPOSITORY}/issues/{number}/labels", {"labels": [park["id"]]})
        review = {"event": "APPROVED", "body": "fine", "commit_id": head}
        await stranger.post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", review)
        assert await wrote(scene, stranger, number, "open-the-beds") == REFUSED
        assert await wrote(scene, stranger, number, "/unhold") == REFUSED
    assert (await statuses(scene, head))["assay/red-zone"] == "failure"
    there = await scene.api[WRITER].getitem(f"/repos/{REPOSITORY}/issues/{number}/labels")
    assert "judge/park" not in [one["name"] for one in there]
    assert await wrote(scene, scene.api[OPERATOR], number, "open-the-beds") == TAKEN
    review = {"event": "APPROVED", "body": "fine", "commit_id": head}
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", review)
    await scene.settled()
    assert (await statuses(scene, head))["assay/red-zone"] == "success"


async def test_a_merge_by_a_stranger_with_an_operators_login_trusts_no_policy(scene: World) -> None:
    await trust(scene)
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/off")
    await checkout.commit("Quiet", {PATH: POLICY + "secret-leak: {mode: off}\n"})
    await checkout.push("codex/off")
    number = await scene.open_pull(AGENT, "codex/off", "chore: quiet")
    await scene.settled()
    renamed(scene)
    async with newcomer(scene, OPERATOR, "write") as stranger:
        await stranger.post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge"})
        await scene.settled()
    _, head, _ = await leak(scene)
    assert (await statuses(scene, head))["assay/secret-leak"] == "failure"


@pytest.mark.parametrize("name", ["human7", OUTSIDER + "2", AGENT.upper() + "-2"])
async def test_an_agent_that_calls_itself_otherwise_stays_an_agent(scene: World, name: str) -> None:
    await trust(scene)
    number, _ = await clean_pull(scene)
    await scene.settled()
    assert await wrote(scene, scene.api[AGENT], number, "/hold") == REFUSED
    scene.sandbox.rename_user(AGENT, name)
    assert await wrote(scene, scene.api[AGENT], number, "/hold") == REFUSED
    async with newcomer(scene, AGENT, "write") as other:
        assert await wrote(scene, other, number, "/hold") == REFUSED
        scene.sandbox.rename_user(AGENT, "human8")
        assert await wrote(scene, other, number, "/hold") == REFUSED


async def test_an_agent_does_not_become_a_person_by_taking_an_operators_login(scene: World) -> None:
    await trust(scene)
    number, _ = await clean_pull(scene)
    await scene.settled()
    renamed(scene)
    scene.sandbox.rename_user(AGENT, OPERATOR)
    for command in ("/hold", "/unhold", "/priority p3"):
        assert await wrote(scene, scene.api[AGENT], number, command) == REFUSED


async def test_who_registers_the_bots_old_login_is_not_the_bot(scene: World) -> None:
    number, head, _ = await leak(scene)
    scene.sandbox.rename_user(BOT, "assay-robot")
    async with newcomer(scene, BOT, "write") as stranger:
        forged = {"context": "assay/secret-leak", "state": "success", "description": "all fine"}
        await stranger.post(f"/repos/{REPOSITORY}/statuses/{head}", forged)
        mine = next(one["id"] for one in await stranger.getitem(f"/repos/{REPOSITORY}/issues/{number}/labels"))
        await stranger.delete(f"/repos/{REPOSITORY}/issues/{number}/labels/{mine}")
        assert await wrote(scene, stranger, number, "/hold") == TAKEN  # a comment of its own, by a writer
    assert (await statuses(scene, head))["assay/secret-leak"] == "failure"


async def test_a_writer_who_took_another_writers_login_has_only_his_own_permission(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    assert await wrote(scene, scene.api[WRITER], number, "/hold") == TAKEN
    scene.sandbox.rename_user(WRITER, "iskra2")
    async with newcomer(scene, WRITER) as stranger:  # within the minutes in which the permission is remembered
        assert await wrote(scene, stranger, number, "/hold") == REFUSED
    assert await wrote(scene, scene.api[WRITER], number, "/hold") == TAKEN


async def test_an_operator_who_renames_himself_stays_one_before_and_after_the_settings_follow(tmp_path: Path) -> None:
    async with world(tmp_path, rules_cache_dir=RULES) as scene:
        await hook(scene)
        number, head, finding = await leak(scene)
        renamed(scene)
        assert await wrote(scene, scene.api[OPERATOR], number, f"/accept {finding} a test token, revoked") == TAKEN
        assert (await statuses(scene, head))["assay"] == "success"
    async with world(tmp_path / "again", rules_cache_dir=RULES, operators=("zoe", OPERATOR)) as scene:
        await hook(scene)
        renamed(scene)
        number, head, finding = await leak(scene)
        # The settings named zoe before anybody had the login: the host's operator says that it is the same person.
        zoe = scene.sandbox.account_id("zoe")
        await scene.machine.accounts.confirm("zoe", zoe, "root")
        assert await wrote(scene, scene.api[OPERATOR], number, f"/accept {finding} a test token, revoked") == TAKEN
        assert "accepted by zoe" in await report(scene, number)


async def test_a_stranger_has_the_rights_once_the_host_confirms_him_and_the_operator_has_them_no_longer(
    scene: World,
) -> None:
    number, head, finding = await leak(scene)
    renamed(scene)
    async with newcomer(scene, OPERATOR) as successor, httpx.AsyncClient() as client:
        assert await wrote(scene, successor, number, f"/accept {finding} looks harmless") == REFUSED
        told = (await client.get(f"{scene.address}/readyz")).json()
        successor_id = scene.sandbox.account_id(OPERATOR)
        assert [f"confirm {OPERATOR} {successor_id}" in one for one in told["accounts"]] == [True]
        await scene.machine.accounts.confirm(OPERATOR, successor_id, "root")
        if scene.others:
            await asyncio.sleep(FRESH)  # which other processes remember the accounts for
        assert await wrote(scene, successor, number, f"/accept {finding} looks harmless") == TAKEN
        async with asyncio.timeout(4 * READY_SECONDS):  # the answer is remembered for some seconds
            while (await client.get(f"{scene.address}/readyz")).json()["accounts"]:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.2)
    assert await wrote(scene, scene.api[OPERATOR], number, "/unhold") == REFUSED
    assert (await statuses(scene, head))["assay"] == "success"


async def test_no_right_is_given_while_the_server_cannot_be_asked_who_a_new_login_is(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.faults.append(Fault("500", rf"/users/({WRITER}|{AGENT})$", "GET"))
    with pytest.raises(ServerFault):
        await trust(scene, POLICY + f"writers: [{WRITER}]\n")
    for client in (scene.api[AGENT], scene.api[WRITER]):
        await client.post(f"/repos/{REPOSITORY}/issues/{number}/comments", {"body": "/hold"})
    await scene.sandbox.hooks_idle()
    assert "On hold by" not in await report(scene, number)
    scene.sandbox.faults.clear()
    await trust(scene, POLICY + f"# once more\nwriters: [{WRITER}]\n")
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    assert "On hold by iskra" in await report(scene, number)


async def test_an_unchanged_pull_request_costs_no_question_about_accounts(scene: World) -> None:
    await trust(scene, POLICY + f"writers: [{WRITER}, nobody-yet]\n")
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.reset_calls()
    await scene.machine.engine.submit(scene.target(f"!{number}"))
    await scene.settled()
    mine = [call.path for call in scene.sandbox.calls if call.user == BOT]
    assert [path for path in mine if "/users/" in path] == []
    assert len(mine) <= 8
