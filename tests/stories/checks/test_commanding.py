"""Slash commands through webhook, witness, database and API: who may what, and that each runs once."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.world import AGENT, OPERATOR, OUTSIDER, REPOSITORY, WRITER, World, world
from tests.stories.checks.test_judging import MATTER, again, labelled, payload
from tests.stories.conftest import hook
from tests.stories.pushes import leaking_pull
from tests.stories.server import RULES

pytestmark = pytest.mark.long

TITLE = "chore: give the publishing runner an account of its own"
TAKEN = ["+1", "eyes"]
REFUSED = ["confused"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMENTS = f"/repos/{REPOSITORY}/issues/comments"


@asynccontextmanager
async def clocked(root: Path, *, hooked: bool = True) -> AsyncIterator[tuple[World, list[int]]]:
    """The world on a clock that stands still until its minute is set."""
    minutes = [0]
    async with world(root, clock=lambda: NOW + timedelta(minutes=minutes[0]), rules_cache_dir=RULES) as scene:
        if hooked:
            await hook(scene)
        yield scene, minutes


async def opened(scene: World) -> int:
    number = await scene.open_issue(OUTSIDER, TITLE, MATTER)
    await scene.settled()
    return number


async def commanded(scene: World, login: str, number: int, text: str) -> tuple[list[str], str]:
    """What the bot answers to a comment: its reactions, and its reply."""
    comment = await scene.write(login, number, text)
    await scene.settled()
    replies = [one["body"] for one in await scene.said(number, f"answer-{comment}")]
    assert len(replies) < 2
    return await scene.reactions(comment), replies[0] if replies else ""


async def trust_agents(scene: World) -> None:
    """The policy that names the agents, as an operator trusted it."""
    checkout = await scene.clone(OPERATOR)
    await checkout.commit("Name the agents", {".forgejo/assay.yml": f"version: 1\nagents: [{AGENT}]\n"})
    await checkout.push("main")
    await scene.settled()
    head = await checkout.git("rev-parse", "HEAD")
    await scene.machine.policies.trust(scene.repo, head, OPERATOR)
    await scene.settled()


@pytest.mark.parametrize(
    ("text", "operator", "writer", "stranger"),
    [
        ("/help", TAKEN, TAKEN, TAKEN),
        ("/help priority", TAKEN, TAKEN, TAKEN),
        ("/explain judge", TAKEN, TAKEN, TAKEN),
        ("/recheck", TAKEN, TAKEN, REFUSED),
        ("/rejudge the runner moved", TAKEN, TAKEN, REFUSED),
        ("/priority p0", TAKEN, TAKEN, REFUSED),
        ("/priority p3", TAKEN, REFUSED, REFUSED),
        ("/park not this month", TAKEN, REFUSED, REFUSED),
        ("/label domain:ci", TAKEN, TAKEN, REFUSED),
        ("/unlabel domain:ci", TAKEN, TAKEN, REFUSED),
        ("/label judge/park", TAKEN, REFUSED, REFUSED),
        ("/hold until Friday", TAKEN, TAKEN, REFUSED),
        ("/unhold", TAKEN, REFUSED, REFUSED),
        ("/frobnicate", REFUSED, REFUSED, REFUSED),
    ],
)
async def test_each_command_by_operator_writer_stranger_and_agent(
    scene: World, text: str, operator: list[str], writer: list[str], stranger: list[str]
) -> None:
    await trust_agents(scene)
    expected = {OUTSIDER: stranger, AGENT: REFUSED, WRITER: writer, OPERATOR: operator}
    for login, reactions in expected.items():
        number = await opened(scene)
        got, reply = await commanded(scene, login, number, text)
        assert (login, got) == (login, reactions)
        assert bool(reply) is (reactions == REFUSED or text.startswith(("/help", "/explain")))


async def test_a_priority_is_obeyed_and_kept_over_later_looks(scene: World) -> None:
    number = await opened(scene)
    await commanded(scene, OPERATOR, number, "/priority p0")
    assert await labelled(scene, number) == {"judge/p0", "judge/operator-needed"}
    assert (await payload(scene, number))["priority"] == "p0"
    await again(scene, number)
    assert await labelled(scene, number) == {"judge/p0", "judge/operator-needed"}


async def test_a_command_runs_once_whatever_is_sent_again(scene: World) -> None:
    number = await opened(scene)
    comment = await scene.write(OPERATOR, number, "Thanks.\n\n/rejudge once more\n/help\n")
    await scene.settled()
    judged = await payload(scene, number)
    assert judged["rerun_reason"] == "requested"
    before = await scene.said(number)
    for _ in range(3):
        await again(scene, number)
    assert await scene.said(number) == before
    assert await payload(scene, number) == judged
    assert await scene.reactions(comment) == TAKEN


async def test_what_a_writer_writes_into_the_operators_comment_commands_nothing(tmp_path: Path) -> None:
    async with clocked(tmp_path) as (scene, minutes):
        number = await opened(scene)
        comment = await scene.write(OPERATOR, number, "I shall look at it tomorrow.")
        await scene.settled()
        minutes[0] = 1
        await scene.api[WRITER].patch(f"{COMMENTS}/{comment}", {"body": "I shall look at it tomorrow.\n\n/priority p3"})
        await scene.settled()
        assert await scene.reactions(comment) == REFUSED
        (reply,) = await scene.said(number, f"answer-{comment}-edited")
        minutes[0] = 2
        await scene.api[WRITER].patch(f"{COMMENTS}/{comment}", {"body": "/park"})
        await scene.settled()
        assert await scene.said(number, f"answer-{comment}-edited") == [reply]
        assert await labelled(scene, number) == {"judge/p1", "judge/operator-needed"}


async def test_an_edit_within_the_same_second_is_told_apart_by_the_witness(tmp_path: Path) -> None:
    async with clocked(tmp_path) as (scene, minutes):
        number = await opened(scene)
        comment = await scene.write(OPERATOR, number, "Tomorrow.")
        await scene.api[WRITER].patch(f"{COMMENTS}/{comment}", {"body": "/priority p3"})
        await scene.settled()
        seen = await scene.api[OPERATOR].getitem(f"{COMMENTS}/{comment}")
        assert seen["created_at"] == seen["updated_at"]
        minutes[0] = 1
        await again(scene, number)
        assert "judge/p3" not in await labelled(scene, number)
        assert await scene.reactions(comment) == REFUSED


async def test_commands_from_before_the_bot_came_are_history(tmp_path: Path) -> None:
    async with clocked(tmp_path, hooked=False) as (scene, minutes):
        number = await scene.open_issue(OUTSIDER, TITLE, MATTER)
        old = await scene.write(OPERATOR, number, "/help")
        minutes[0] = 1
        await hook(scene)
        new = await scene.write(OPERATOR, number, "/explain judge")
        await scene.settled()
        assert [await scene.reactions(comment) for comment in (old, new)] == [[], TAKEN]


async def pull_with_rain(scene: World) -> tuple[int, str]:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/rain")
    head = await checkout.commit("Measure rain", {"garden/rain.py": "RAIN = 0\n"})
    await checkout.push("codex/rain")
    number = await scene.open_pull(AGENT, "codex/rain", "feat(rain): measure it")
    await scene.settled()
    return number, head


async def test_an_accepted_finding_blocks_no_more_and_nobody_accepts_his_own(scene: World) -> None:
    number, head = await leaking_pull(scene)
    await scene.settled()
    report = (await scene.reports(number))[0]["body"]
    fingerprint = report.split("fingerprint `")[1].split("`")[0]
    got, reply = await commanded(scene, WRITER, number, f"/accept {fingerprint} only a sample")
    assert (got, (await scene.statuses(head))["assay/secret-leak"]) == (REFUSED, "failure")
    assert "operator" in reply
    assert "judge/p0" in await scene.labels(number)
    got, reply = await commanded(scene, OPERATOR, number, f"/accept {fingerprint} only a sample")
    assert (got, (await scene.statuses(head))["assay/secret-leak"]) == (TAKEN, "success")
    assert reply == ""
    assert "judge/p0" not in await scene.labels(number)
    assert "must be revoked" not in (await scene.reports(number))[0]["body"]


async def test_a_label_that_only_the_server_defines_is_set_by_a_command(scene: World) -> None:
    number = await opened(scene)
    label = {"name": "good first issue", "color": "#0e8a16", "description": ""}
    await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", label)
    assert await commanded(scene, WRITER, number, '/label "good first issue"') == (TAKEN, "")
    assert "good first issue" in await scene.labels(number)


async def test_a_label_that_organisation_and_repository_have_is_put_on_once(scene: World) -> None:
    label = {"name": "kind/bug", "color": "#0e8a16", "description": ""}
    await scene.api[OPERATOR].post("/orgs/workshop/labels", label)
    made = await scene.api[OPERATOR].post(f"/repos/{REPOSITORY}/labels", label)
    number = await opened(scene)
    await commanded(scene, WRITER, number, "/label kind/bug")
    on = await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/issues/{number}/labels")
    assert [one["id"] for one in on if one["name"] == "kind/bug"] == [made["id"]]
    assert [one["url"] for one in on if one["name"] == "kind/bug"] == [made["url"]]


async def test_a_command_in_a_review_and_on_a_line_is_answered_and_a_secret_there_is_found(scene: World) -> None:
    number, head = await pull_with_rain(scene)
    secret = f"try FORGEJO_TOKEN={secrets.token_hex(20)}"
    inline = [{"path": "garden/rain.py", "new_position": 1, "body": text} for text in ("/hold", secret)]
    data = {"event": "COMMENT", "body": "Wait.\n\n/hold until noon", "comments": inline}
    await scene.api[WRITER].post(f"/repos/{REPOSITORY}/pulls/{number}/reviews", data)
    await scene.settled()
    said = [one["body"] for one in await scene.said(number) if ":answer-" in one["body"]]
    assert [text.count("commands count only in comments") for text in said] == [1, 1]
    statuses = await scene.statuses(head)
    assert "assay/commands" not in statuses
    assert statuses["assay/secret-leak"] == "failure"


async def test_a_hold_makes_a_pending_status_and_ends_with_unhold(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/rain")
    head = await checkout.commit("Measure rain", {f"garden/{secrets.token_hex(3)}.py": "RAIN = 0\n"})
    await checkout.push("codex/rain")
    number = await scene.open_pull(AGENT, "codex/rain", "feat(rain): measure it")
    await scene.settled()
    assert "assay/commands" not in await scene.statuses(head)
    await commanded(scene, WRITER, number, "/hold the sensor is late")
    assert (await scene.statuses(head))["assay/commands"] == "pending"
    await commanded(scene, OPERATOR, number, "/unhold")
    assert (await scene.statuses(head))["assay/commands"] == "success"
