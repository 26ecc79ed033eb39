"""A merge under the bot's eyes: what was merged is examined, even if the head is gone or was merged within a second."""

import re
import secrets
import shutil

import pytest
from sqlalchemy import update

from bot.policy import PATH
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, World
from bot.store.tables import Holding
from tests.stories.houses import mirrors
from tests.stories.pushes import clean_pull, leaking_pull, token_line

pytestmark = pytest.mark.long

FORGED = {"context": "assay/secret-leak", "state": "success", "description": "no secret in 1 commit"}


async def merge(scene: World, number: int, how: str = "merge", login: str = AGENT, **more: object) -> None:
    await scene.api[login].post(f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": how, **more})


async def further_push(scene: World, branch: str = "codex/rain", token: str = "") -> str:
    checkout = await scene.clone(AGENT)
    await checkout.branch("further", f"origin/{branch}")
    head = await checkout.commit("Deploy", {"deploy/runner.env": token_line(token)})
    await checkout.push(branch)
    return head


async def labels(scene: World, number: int) -> set[str]:
    issue = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{number}")
    return {label["name"] for label in issue["labels"]}


async def incident(scene: World, number: int) -> str:
    (comment,) = await scene.said(number, "incident")
    return str(comment["body"])


@pytest.mark.parametrize("how", ["merge", "squash", "fast-forward-only"])
async def test_push_forge_and_merge_within_a_second_is_an_incident(scene: World, how: str) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.hooks_paused = True
    head = await further_push(scene)
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", FORGED)
    await merge(scene, number, how)
    scene.sandbox.hooks_paused = False
    await scene.write(OPERATOR, number, "Was this merged?")
    await scene.settled()
    told = await incident(scene, number)
    assert f"@{OPERATOR}" in told
    assert "merged with 1 secret and merged after another account posted a success of the bot" in told
    assert "judge/operator-needed" in await labels(scene, number)
    (report,) = await scene.reports(number)
    assert "No problems found" not in report["body"]


@pytest.mark.parametrize("how", ["merge", "fast-forward-only"])
async def test_a_secret_that_is_pushed_after_a_clean_merge_is_a_leak_and_no_incident(scene: World, how: str) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    await merge(scene, number, how)
    await scene.settled()
    head = await further_push(scene)
    await scene.write(OPERATOR, number, "Was this merged?")
    await scene.settled()
    (report,) = await scene.reports(number)
    assert "A secret in a commit that was pushed after the merge" in report["body"]
    assert head[:10] in report["body"]
    assert "Merged with a secret" not in report["body"]
    assert await scene.said(number, "incident") == []


@pytest.mark.parametrize("how", ["merge", "fast-forward-only"])
async def test_a_secret_that_was_merged_and_pushed_again_after_it_is_an_incident(scene: World, how: str) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    token = secrets.token_hex(20)
    await further_push(scene, token=token)
    await merge(scene, number, how)
    checkout = await scene.clone(AGENT)
    await checkout.branch("again", "origin/codex/rain")
    await checkout.commit("Deploy twice", {"deploy/second.env": token_line(token)})
    await checkout.push("codex/rain")
    await scene.write(OPERATOR, number, "Was this merged?")
    await scene.settled()
    assert "merged with 1 secret" in await incident(scene, number)


async def merged_unseen(scene: World, how: str = "merge", **more: object) -> tuple[int, str]:
    """Pushed and merged before the bot saw the push."""
    number, _ = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.hooks_paused = True
    head = await further_push(scene)
    await merge(scene, number, how, **more)
    return number, head


async def looked(scene: World, number: int) -> str:
    """One look, and the report after it."""
    await scene.machine.reconciler.apply_once(scene.target(f"!{number}"))
    (report,) = await scene.reports(number)
    return str(report["body"])


async def lose(scene: World, number: int, sha: str) -> None:
    """The server collects a commit, and the bot hasn't fetched it. The server knows the pull request's sizes before."""
    await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/pulls/{number}")
    (lost,) = (scene.root / "forge").rglob(f"{sha[:2]}/{sha[2:]}")
    lost.unlink()
    for folder in mirrors(scene):
        shutil.rmtree(folder)


async def test_of_a_squash_whose_head_is_gone_the_commit_on_the_base_is_examined(scene: World) -> None:
    number, head = await merged_unseen(scene, "squash")
    await lose(scene, number, head)
    body = await looked(scene, number)
    assert f"commit {head[:10]}, the head that was merged" in body
    assert "Merged with a secret" in body


async def test_what_cannot_be_read_after_a_merge_is_reported_in_the_first_look(scene: World) -> None:
    number, head = await merged_unseen(scene, "squash")
    pull = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/pulls/{number}")
    await lose(scene, number, head)
    (commit,) = (scene.root / "forge").rglob(f"{pull['merge_commit_sha'][:2]}/{pull['merge_commit_sha'][2:]}")
    commit.unlink()
    body = await looked(scene, number)
    assert "Not fully checked" in body
    assert f"does not provide commit {head[:10]}" in body


async def test_a_secret_in_the_message_of_the_merge_alone_is_an_incident(scene: World) -> None:
    number, _ = await clean_pull(scene)
    await scene.settled()
    await merge(scene, number, "squash", MergeTitleField="Count the rain", MergeMessageField=token_line())
    await scene.settled()
    assert "merged with 1 secret." in await incident(scene, number)


async def test_a_known_leak_that_is_merged_is_an_incident_and_closes_when_it_is_accepted(scene: World) -> None:
    number, _ = await leaking_pull(scene)
    await scene.settled()
    assert not await scene.said(number, "incident")
    await merge(scene, number)
    await scene.settled()
    told = await incident(scene, number)
    (fingerprint,) = set(re.findall(r"[a-z]{2}_[0-9a-f]{16}", told))
    await scene.write(OPERATOR, number, f"/accept {fingerprint} a token of the tests")
    await scene.settled()
    assert "No open incident" in await incident(scene, number)
    assert "judge/operator-needed" not in await labels(scene, number)


async def test_a_success_posted_with_the_token_of_a_job_is_an_incident_after_the_merge(scene: World) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    scene.sandbox.post_by_job(REPOSITORY, head, "assay/red-zone", "success")
    await merge(scene, number)
    await scene.settled()
    (report,) = await scene.reports(number)
    assert "a workflow's token posted assay/red-zone as a success before the merge" in report["body"]


async def test_a_forged_success_that_the_bot_corrected_before_the_merge_is_an_incident(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", FORGED)
    await scene.settled()
    assert (await scene.statuses(head))["assay/secret-leak"] == "failure"
    await merge(scene, number)
    await scene.settled()
    assert "posted a success of the bot" in await incident(scene, number)


async def test_neither_a_clean_merge_nor_a_foreign_check_nor_a_late_success_is_an_incident(scene: World) -> None:
    number, head = await clean_pull(scene)
    await scene.settled()
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", FORGED | {"context": "ci"})
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", FORGED | {"state": "failure"})
    await merge(scene, number)
    await scene.settled()
    assert not await scene.said(number, "incident")
    assert "judge/operator-needed" not in await labels(scene, number)


async def test_a_pull_request_closed_without_a_merge_is_no_incident(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.api[AGENT].post(f"/repos/{REPOSITORY}/statuses/{head}", FORGED)
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"state": "closed"})
    await scene.settled()
    assert not await scene.said(number, "incident")


async def issues_of_the_bot(scene: World) -> list[str]:
    found = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues", {"state": "all", "type": "issues"})
    return [issue["title"] for issue in found if issue["user"]["login"] == BOT]


async def test_with_the_policys_word_an_incident_opens_one_issue_even_if_the_write_was_interrupted(
    scene: World,
) -> None:
    checkout = await scene.clone(OPERATOR)
    tip = await checkout.commit("Open issues", {PATH: "incident:\n  issue: 'on'\n"})
    await checkout.push("main")
    await scene.machine.policies.trust(scene.repo, tip, OPERATOR)
    number, _ = await leaking_pull(scene)
    await merge(scene, number)
    await scene.settled()
    assert await issues_of_the_bot(scene) == [f"Incident: pull request {number} merged with 1 secret"]
    async with scene.machine.store.session() as session:
        await session.execute(update(Holding).where(Holding.object == "issue:incident").values(value=""))
    await scene.machine.reconciler.apply_once(scene.target(f"!{number}"))
    await scene.machine.reconciler.apply_once(scene.target(f"!{number}"))
    assert len(await issues_of_the_bot(scene)) == 1
