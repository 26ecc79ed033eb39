"""Who has to act: the first line, the lines below, the labels and the status never name different people."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Actor, Check, Kind, Plan, Report, Severity, Snapshot, Tools, Verdict
from bot.plan.assessment import Assessment, assess, plan
from bot.plan.who_acts import HEADINGS, ICONS, MERGING, NOBODY, NOTHING, opening, overall
from bot.policy import Policy
from handlers import CHECKS
from tests.rendered import without_payload
from tests.snapshots import ISSUE, PULL, TOOLS, finding, report, snapshot

POLICY = Policy.model_validate({"operators": ["piotr"], "merge": {"mode": "on"}})
AFTER = tuple(check for check in CHECKS if check.name in {"judge", "merge"})
FOR_MACHINES = ("merge/auto", "automerge-candidate", "mode:safe-auto")
STOPPED = (Verdict.BLOCK, Verdict.ERROR, Verdict.PENDING)


def saying(said: Report) -> Check:
    async def says(_snapshot: Snapshot, _tools: Tools) -> Report:
        return said

    return Check(name=said.check, on=frozenset(Kind), assess=says)


async def concluded(observed: Snapshot, reports: Sequence[Report]) -> tuple[Assessment, Plan]:
    made = await assess(observed, (*map(saying, reports), *AFTER), TOOLS)
    return made, plan(made.snapshot, made.reports)


def top(body: str) -> str:
    """The heading and the lines below it, without the table."""
    return body.partition("\n\n")[2].partition("\n\n")[0] + "\n" + body.split("\n\n")[2]


def named(text: str) -> set[Actor]:
    """The actors with something to do that the first lines of a report name."""
    found = re.findall(
        r"(?:^|: )(author|operator|reviewer|administrator)(?: `[^`]+`)?: (?!nothing)", text, re.MULTILINE
    )
    return {Actor(name) for name in found}


findings = st.builds(
    finding,
    actor=st.sampled_from(Actor),
    action=st.sampled_from(["approve it", "fix the base", "", "look\n# at *it*"]),
    severity=st.sampled_from(Severity),
)
reports = st.lists(
    st.tuples(st.sampled_from(Verdict), st.lists(findings, max_size=3), st.booleans()), min_size=1, max_size=5
).map(
    lambda said: tuple(
        report(verdict, check=f"check-{number}", findings=tuple(found), status=status)
        for number, (verdict, found, status) in enumerate(said)
    )
)


@given(reports, st.sampled_from([PULL, ISSUE]))
async def test_who_is_named_at_the_top_is_named_below_in_labels_and_status(
    said: tuple[Report, ...], target: object
) -> None:
    made, planned = await concluded(snapshot(PULL if target is PULL else ISSUE, policy=POLICY, conflict=False), said)
    body = without_payload(planned.comments[0].body)
    called = {one.actor for found in made.reports for one in found.findings} - {Actor.NOBODY}
    assert named(top(body)) == called
    below = {
        name.lower() for name in re.findall(r"^  \*\*(Author|Operator|Reviewer|Administrator):\*\*", body, re.MULTILINE)
    }
    assert below <= set(called)
    assert (NOBODY in top(body) or MERGING in top(body)) is (not called and overall(made.reports) not in STOPPED)
    assert (NOTHING in top(body)) is (bool(called) and Actor.AUTHOR not in called)
    labels = {name for name, label in planned.labels.items() if label.on}
    assert ("judge/operator-needed" in labels) is (Actor.OPERATOR in called)
    if Actor.OPERATOR in called:
        assert not labels & set(FOR_MACHINES)
        assert "judge/patchwarden-candidate" not in labels
    if target is PULL:
        (one,) = (status for status in planned.statuses if status.context == "assay")
        line = opening(made.snapshot, made.reports).line
        assert line.startswith(one.description.rstrip("…"))
        assert (one.state == "success") is (overall(made.reports) not in STOPPED)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ([report()], "No problems found"),
        ([report(Verdict.ADVISE)], "Advice only, nothing blocks"),
        ([report(Verdict.BLOCK, findings=(finding(action="fix it"),))], "Blocked: author: fix it"),
        ([report(Verdict.PENDING, summary="on hold by piotr")], "Waiting: on hold by piotr"),
        ([report(findings=(finding(actor=Actor.OPERATOR, action="decide"),))], "Action needed: operator: decide"),
        (
            [report(Verdict.BLOCK, findings=(finding(action="one"), finding(action="two"), finding(action="two")))],
            "Blocked: author: one, and 1 more",
        ),
        (
            [
                report(Verdict.ADVISE, check="a", findings=(finding(action="mend it"),)),
                report(Verdict.BLOCK, check="b", findings=(finding(actor=Actor.OPERATOR, action="approve it"),)),
            ],
            "Blocked: operator: approve it",
        ),
        ([report(Verdict.BLOCK, findings=(finding(rule="no-contract"),))], "Blocked: author: resolve no-contract"),
    ],
)
def test_the_first_line_says_verdict_role_verb_and_object(said: list[Report], line: str) -> None:
    assert opening(snapshot(policy=POLICY), said).line == line


def test_the_operator_is_named_where_there_is_one_and_nobody_is_notified() -> None:
    asking = report(Verdict.BLOCK, findings=(finding(actor=Actor.OPERATOR, action="approve @it"),), brief="p2")
    body = plan(snapshot(policy=POLICY), [asking, report(check="other")]).comments[0].body
    assert top(body).splitlines() == [
        "### ⛔ Blocked: operator `piotr`: approve @\N{WORD JOINER}it",
        "author `codex`: nothing to do  ",
        "1 check passed · p2",
    ]
    two = POLICY.model_copy(update={"operators": ("piotr", "jan")})
    assert "### ⛔ Blocked: operator: approve" in plan(snapshot(policy=two), [asking]).comments[0].body


@pytest.mark.parametrize("change", [{"state": "merged"}, {"state": "closed"}, {"target": ISSUE}])
def test_a_block_where_nothing_is_merged_any_more_says_that_somebody_is_needed(change: dict[str, object]) -> None:
    found = opening(snapshot(**change), [report(Verdict.BLOCK, findings=(finding(action="revoke it"),))])
    assert found.line == "Action needed: author: revoke it"


def test_every_verdict_has_its_words() -> None:
    assert set(ICONS) == set(HEADINGS) == set(Verdict)


def test_the_worst_verdict_counts() -> None:
    assert overall([]) is Verdict.SKIP
    assert overall([report(Verdict.ADVISE), report(Verdict.PENDING)]) is Verdict.PENDING
    assert overall([report(Verdict.BLOCK), report(Verdict.ERROR)]) is Verdict.BLOCK
