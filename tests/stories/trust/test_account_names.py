"""Whatever an account does, no field of a snapshot names it by a listed login that means another account."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World
from tests.stories.soaks.soaked import PHRASE, evidence
from tests.stories.trust.test_accounts import newcomer, trust

pytestmark = pytest.mark.long

LISTS = f"""version: 1
agents: [{AGENT}]
writers: [{WRITER}]
judge: {{judges: [{WRITER}]}}
merge: {{mode: "on"}}
soaks: [{{name: deploy, issue: 1, gate: {PHRASE}, evidence_from: [{WRITER}]}}]
gates: [{{phrase: open-the-beds, targets: [1]}}]
labels: {{rules: [{{name: r, when: {{author: [{WRITER}]}}, labels: ["type:docs"]}}]}}
"""
LISTED = (OPERATOR, WRITER, AGENT)


def places(value: Any, login: str, at: str = "") -> Iterator[str]:
    """Where a login stands in a snapshot, as a whole text."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, login, f"{at}.{key}")
            yield from [f"{at}.{key}"] if key == login else []
    elif isinstance(value, list):
        for part in value:
            yield from places(part, login, at)
    elif isinstance(value, str) and value.casefold() == login:
        yield at


async def acts(client: HttpxForgejo, number: int, head: str) -> None:
    """Everything that an account can do on a pull request, and evidence on the tracking issue."""
    issue, pull = f"/repos/{REPOSITORY}/issues/{number}", f"/repos/{REPOSITORY}/pulls/{number}"
    await client.post(f"{issue}/comments", {"body": "/hold the beds"})
    await client.post(f"/repos/{REPOSITORY}/issues/1/comments", {"body": evidence(7)})
    await client.post(f"/repos/{REPOSITORY}/issues/1/comments", {"body": PHRASE})
    inline = [{"path": "garden/rain.py", "body": "Why?", "new_position": 1}]
    review = {"event": "COMMENT", "body": "fine", "commit_id": head, "comments": inline}
    await client.post(f"{pull}/reviews", review)
    status = {"context": "ci", "state": "success", "description": "fine"}
    await client.post(f"/repos/{REPOSITORY}/statuses/{head}", status)
    label = await client.post(f"/repos/{REPOSITORY}/labels", {"name": "wet", "color": "#00aaff"})
    await client.post(f"{issue}/labels", {"labels": [label["id"]]})


@pytest.mark.parametrize("login", LISTED)
async def test_a_snapshot_names_the_account_and_not_the_login(scene: World, login: str) -> None:
    await scene.open_issue(OPERATOR, "Soak deploy")
    await trust(scene, LISTS)
    head = await scene.sandbox.commit_files(REPOSITORY, "codex/rain", {"garden/rain.py": "x = 1\n"}, author=OUTSIDER)
    await scene.settled()
    scene.sandbox.rename_user(login, "somebody")
    async with newcomer(scene, login, "write") as stranger:
        data = {"title": "docs: rain", "base": "main", "head": "codex/rain"}
        number = int((await stranger.post(f"/repos/{REPOSITORY}/pulls", data))["number"])
        await acts(stranger, number, head)
        await scene.settled()
        seen = await scene.machine.reconciler.evaluate(scene.target(f"!{number}"))
        issue = await scene.machine.reconciler.evaluate(scene.target("#1"))
    stranger_id = scene.sandbox.account_id(login)
    named = f"{login}#{stranger_id}"
    found = {
        *places(seen.snapshot.model_dump(mode="json"), named),
        *places(issue.snapshot.model_dump(mode="json"), named),
    }
    assert {
        ".inputs.author",
        ".inputs.comments.author",
        ".inputs.reviews.author",
        ".inputs.remarks.author",
        ".inputs.statuses.creator",
        ".inputs.decisions.by",
        ".own.labels.by",
    } <= found
    wrong = [
        place
        for one in (seen, issue)
        for place in places(one.snapshot.model_dump(mode="json"), login)
        if not place.startswith(".policy")
    ]
    # What the right account did earlier stays its own: it opened the tracking issue.
    assert wrong == ([".inputs.author"] if login == OPERATOR else [])
    assert not any("somebody" in str(one.snapshot.policy.model_dump()) for one in (seen, issue))


async def test_evidence_and_judgments_by_who_took_a_listed_login_do_not_count(scene: World) -> None:
    await scene.open_issue(OPERATOR, "Soak deploy")
    await trust(scene, LISTS)
    scene.sandbox.rename_user(WRITER, "somebody")
    async with newcomer(scene, WRITER, "write") as stranger:
        await stranger.post(f"/repos/{REPOSITORY}/issues/1/comments", {"body": evidence(7)})
        await scene.settled()
        told = "".join(one["body"] for one in await scene.said(1)).replace("\u2060", "")
        assert f"evidence by {WRITER}#" in told
    await scene.api[WRITER].post(f"/repos/{REPOSITORY}/issues/1/comments", {"body": evidence(8)})
    await scene.settled()
    (reading,) = (await scene.machine.reconciler.evaluate(scene.target("#1"))).snapshot.inputs.soaks
    assert [run.number for run in reading.runs] == [8, 7]  # the evidence that counts is looked up first
