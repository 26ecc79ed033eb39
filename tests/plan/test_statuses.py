"""The commit statuses: `assay` always, those of single checks as the policy says."""

import pytest

from bot.model import Report, Snapshot, StatusSeen, Verdict, WantedStatus
from bot.plan.assessment import plan
from bot.plan.statuses import RELEASED, STATES, WORSE
from bot.policy import Policy
from tests.snapshots import HEAD, ISSUE, finding, held, own, report, snapshot, status

EACH = Policy.model_validate({"statuses": "each"})
ONE = Policy.model_validate({"statuses": "one"})
BLOCKED = report(Verdict.BLOCK, check="red-zone", summary="touches it", findings=(finding(action="take it out"),))


def wanted(*reports: Report, **change: object) -> dict[str, WantedStatus]:
    return {one.context: one for one in plan(snapshot(**change), reports).statuses}


def mine(context: str, state: str = "failure") -> StatusSeen:
    return status(context, state)


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.BLOCK, "failure"),
        (Verdict.ERROR, "error"),
        (Verdict.PENDING, "pending"),
        (Verdict.PASS, "success"),
        (Verdict.ADVISE, "success"),
        (Verdict.SKIP, "success"),
    ],
)
def test_each_verdict_has_its_state(verdict: Verdict, state: str) -> None:
    found = wanted(report(verdict), policy=EACH)
    words = "advice: all is well" if verdict is Verdict.ADVISE else "all is well"
    assert {name: one.state for name, one in found.items()} == {"assay": state, "assay/secret-leak": state}
    assert found["assay/secret-leak"].description == words


def test_states_are_ordered_from_best_to_worst() -> None:
    assert set(WORSE) == set(STATES.values())
    assert [STATES[verdict] for verdict in sorted(Verdict, key=lambda one: one.rank)][2:] == list(WORSE)


def test_a_description_has_at_most_140_characters() -> None:
    long = report(Verdict.BLOCK, summary="x" * 200, findings=(finding(action="y" * 200),))
    for one in wanted(long).values():
        assert (len(one.description), one.description[-1]) == (140, "…")


@pytest.mark.parametrize(
    "observed",
    [snapshot(ISSUE), snapshot(state="merged"), snapshot(state="closed"), snapshot(head=snapshot(ISSUE).inputs.head)],
    ids=["an issue", "merged", "closed", "without a head"],
)
def test_only_an_open_head_gets_a_status(observed: Snapshot) -> None:
    assert plan(observed, [report()]).statuses == ()


def test_the_one_status_is_the_first_line_of_the_report() -> None:
    one = wanted(report(), BLOCKED)["assay"]
    assert (one.state, one.description) == ("failure", "Blocked: author: take it out")
    body = plan(snapshot(), [report(), BLOCKED]).comments[0].body
    assert "### ⛔ Blocked: author `codex`: take it out\n" in body


def test_a_check_appears_when_it_is_not_green_and_turns_green_after() -> None:
    assert set(wanted(report(), BLOCKED)) == {"assay", "assay/red-zone"}
    green = report(check="red-zone")
    assert set(wanted(report(), green)) == {"assay"}
    there = own(statuses=(mine("assay/red-zone"),), held=(held(f"status:{HEAD}:assay/red-zone"),))
    found = wanted(report(), green, own=there)
    assert {name: one.state for name, one in found.items()} == {"assay": "success", "assay/red-zone": "success"}


def test_one_status_and_no_more_where_the_policy_says_so() -> None:
    assert set(wanted(report(), BLOCKED, policy=ONE)) == {"assay"}
    assert set(wanted(report(), BLOCKED, policy=EACH)) == {"assay", "assay/secret-leak", "assay/red-zone"}


def test_what_a_branch_requires_is_always_there() -> None:
    assert set(wanted(report(), required=("assay/secret-leak",))) == {"assay", "assay/secret-leak"}
    assert set(wanted(report(), required=("assay*",), policy=ONE)) == {"assay", "assay/secret-leak"}


def test_a_status_that_somebody_else_set_in_a_checks_place_is_replaced() -> None:
    forged = own(statuses=(StatusSeen(context="assay/secret-leak", state="success", creator="mallory"),))
    assert set(wanted(report(), own=forged)) == {"assay", "assay/secret-leak"}


def test_a_check_that_is_switched_off_lets_go_of_its_status() -> None:
    there = own(
        statuses=(mine("assay/red-zone"), mine("assay/secret-leak", "success"), mine("assay")),
        held=(held(f"status:{HEAD}:assay/red-zone"), held(f"status:{HEAD}:assay")),
    )
    found = wanted(report(), own=there)
    assert (found["assay/red-zone"].state, found["assay/red-zone"].description) == ("success", RELEASED)
    assert set(found) == {"assay", "assay/red-zone", "assay/secret-leak"}


def test_what_describes_others_decisions_does_not_make_the_one_status_wait() -> None:
    waiting = report(Verdict.PENDING, check="merge", status=False)
    assert wanted(report(), waiting)["assay"].state == "success"
    assert wanted(report(), report(Verdict.ERROR, check="labels", status=False))["assay"].state == "error"
