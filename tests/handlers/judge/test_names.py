"""The names of a team's agents: neutral by default, its own by policy, and never a label that is not declared."""

import pytest

from bot.policy import Candidates, JudgePolicy, Policy
from handlers.judge.check import CHECK
from handlers.judge.names import declared, step_label, step_name, work_for
from tests.judgments import made, on
from tests.snapshots import ISSUE, LABELS, OPERATOR, TEAM, TOOLS, snapshot

STRANGER = Policy(operators=(OPERATOR,))
BODY = "## Goal\n\nThe list of beds is sorted by name, as in `garden/beds.py`.\n\n## Acceptance criteria\n\n- a test\n"


@pytest.mark.parametrize(
    ("names", "label", "words"),
    [
        (Candidates(), "judge/code-candidate", "work for the code agent"),
        (TEAM, "judge/codex-candidate", "work for codex"),
    ],
)
def test_a_step_has_its_label_and_its_words(names: Candidates, label: str, words: str) -> None:
    assert step_label("codex_candidate", names) == label
    assert work_for("codex_candidate", names) == words
    assert step_name("needs_refinement", names) == "needs_refinement"


async def test_a_stranger_reads_no_teams_names_and_the_payload_keeps_its_schema() -> None:
    report = await CHECK.assess(snapshot(ISSUE, title="fix: sort the beds", body=BODY, policy=STRANGER), TOOLS)
    assert on(report) == {"judge/p2", "judge/code-candidate"}
    assert report.summary.startswith("p2, code_candidate: ")
    assert report.comment is not None
    read = report.comment.body.partition("<details>")[0]
    assert not any(name in read.casefold() for name in ("codex", "hermes", "patchwarden", "piotr", "iskra"))
    assert made(report).recommended_next_action == "codex_candidate"


async def test_a_policy_gives_the_judge_its_name() -> None:
    named = STRANGER.model_copy(update={"judge": JudgePolicy(name="iskra")})
    report = await CHECK.assess(snapshot(ISSUE, title="fix: sort the beds", body=BODY, policy=named), TOOLS)
    assert report.comment is not None
    assert report.comment.body.startswith("### Iskra judgment\n")
    assert made(report).judge_actor.name == "iskra"


async def test_a_name_whose_label_is_not_declared_is_told_and_not_used() -> None:
    unknown = STRANGER.model_copy(update={"judge": JudgePolicy(candidates=Candidates(code="claude"))})
    report = await CHECK.assess(snapshot(ISSUE, title="fix: sort the beds", body=BODY, policy=unknown), TOOLS)
    assert on(report) == {"judge/p2", "judge/code-candidate"}
    (note,) = report.notes
    assert "judge/claude-candidate" in note
    assert "labels.yaml" in note


def test_declared_names_stay() -> None:
    seen = snapshot(ISSUE)
    assert declared(seen, LABELS.names) == (seen, ())
