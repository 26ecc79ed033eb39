"""An issue is judged, labelled, edited, judged anew: through webhook, database and API."""

import json
import re
from typing import Any

from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World

MATTER = """\
## What is wrong

The publishing runner signs in with the account of the whole installation. One leak there opens everything.

## Goal

A machine account of its own for the runner, which may read the two registry credentials and nothing else.

## Acceptance criteria

- the runner's old credential is revoked
- publishing from main still works
- the runbook says how to rotate and how to go back
"""
PAGE = "## Goal\n\nA page that explains the plan.\n\n## Done when\n\n- the page is linked\n"
JUDGED = {"judge/p1", "judge/operator-needed"}
PAYLOAD = re.compile(r"<!-- openclaw\.judge\.v0 -->\n(.*?)\n<!-- /openclaw\.judge\.v0 -->", re.DOTALL)


async def payload(scene: World, number: int) -> dict[str, Any]:
    """What the bot judged, read from its judgment comment or its report as another machine would."""
    comments = await scene.said(number, "judge") or await scene.reports(number)
    (comment,) = comments
    found = PAYLOAD.search(comment["body"])
    assert found is not None
    read = json.loads(found[1])
    assert isinstance(read, dict)
    return read


async def labelled(scene: World, number: int) -> set[str]:
    return {name for name in await scene.labels(number) if name.startswith("judge/")}


async def take_off(scene: World, login: str, number: int, name: str) -> None:
    labels = f"/repos/{REPOSITORY}/issues/{number}/labels"
    for label in await scene.api[login].getitem(labels):
        if label["name"] == name:
            await scene.api[login].delete(f"{labels}/{label['id']}")


async def again(scene: World, number: int, kind: str = "#") -> None:
    await scene.machine.engine.submit(scene.target(f"{kind}{number}"))
    await scene.settled()


async def test_an_issue_is_judged_and_labelled_once(scene: World) -> None:
    number = await scene.open_issue(AGENT, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    judged = await payload(scene, number)
    assert (judged["priority"], judged["recommended_next_action"]) == ("p1", "operator_needed")
    assert judged["rerun_reason"] == "no_prior_judgment"
    assert await labelled(scene, number) == JUDGED
    before = await scene.said(number)
    await again(scene, number)
    assert await scene.said(number) == before


async def test_what_the_operator_takes_off_stays_off_until_the_ground_changes(scene: World) -> None:
    number = await scene.open_issue(AGENT, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    await take_off(scene, OPERATOR, number, "judge/p1")
    await scene.settled()
    await again(scene, number)
    assert await labelled(scene, number) == JUDGED - {"judge/p1"}
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/issues/{number}", {"body": MATTER + "\nAlso rotate the key.\n"})
    await scene.settled()
    assert await labelled(scene, number) == JUDGED


async def test_what_an_agent_takes_off_comes_back_with_a_word(scene: World) -> None:
    number = await scene.open_issue(AGENT, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    await take_off(scene, AGENT, number, "judge/operator-needed")
    await scene.settled()
    assert await labelled(scene, number) == JUDGED
    (report,) = await scene.reports(number)
    assert "Label judge/operator-needed was removed by codex; restored once" in report["body"]


async def test_an_edited_body_is_judged_anew_in_the_same_comment(scene: World) -> None:
    number = await scene.open_issue(
        AGENT, "docs: explain the watering plan", "## Goal\n\nA page.\n\n## Done when\n\n- it is"
    )
    await scene.settled()
    (first,) = await scene.said(number, "judge")
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/issues/{number}", {"body": MATTER})
    await scene.settled()
    (second,) = await scene.said(number, "judge")
    judged = await payload(scene, number)
    assert (second["id"], judged["rerun_reason"]) == (first["id"], "body_changed")
    assert judged["recommended_next_action"] == "operator_needed"
    assert "no_prior_judgment" in second["body"].split("<!-- /openclaw.judge.v0 -->")[1]


async def test_a_forged_judgment_is_restored_and_told(scene: World) -> None:
    number = await scene.open_issue(AGENT, "chore: give the publishing runner an account of its own", MATTER)
    await scene.settled()
    (comment,) = await scene.said(number, "judge")
    forged = comment["body"].replace("operator_needed", "park").replace('"p1"', '"p3"')
    await scene.api[WRITER].patch(f"/repos/{REPOSITORY}/issues/comments/{comment['id']}", {"body": forged})
    await scene.settled()
    (after,) = await scene.said(number, "judge")
    assert (after["id"], after["body"]) == (comment["id"], comment["body"])
    (report,) = await scene.reports(number)
    assert "The comment of check judge was edited by somebody else; restored once" in report["body"]


async def test_a_pull_request_is_labelled_by_what_it_is(scene: World) -> None:
    checkout = await scene.clone(AGENT)
    await checkout.branch("codex/rain")
    await checkout.commit("Measure rain", {"garden/rain.py": "def rain() -> float:\n    return 0.0\n"})
    await checkout.push("codex/rain")
    number = await scene.open_pull(AGENT, "codex/rain", "feat(rain): measure it", "Measures rain, closes nothing.")
    await scene.settled()
    found = set(await scene.labels(number))
    assert {"agent/codex", "judge/p2", "judge/findings-candidate"} <= found
    assert all(name.startswith(("judge/", "agent/")) for name in found)
    judged = await payload(scene, number)
    head = (await scene.api[OPERATOR].getitem(f"/repos/{REPOSITORY}/pulls/{number}"))["head"]["sha"]
    assert (judged["target_snapshot"]["head_sha"], judged["target_snapshot"]["commit_count"]) == (head, 1)
