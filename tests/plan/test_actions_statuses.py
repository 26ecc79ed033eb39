"""Statuses of a commit: one voice for all its open pull requests, and nobody else's."""

import pytest

from bot.model import Plan, Restored, SiblingVerdict, StatusSeen, WantedStatus
from bot.plan.actions import Disputes, disputes, writes
from tests.snapshots import AGENT, BOT, HEAD, NOW, URL, carried_out, comment, held, own, snapshot, status

CONTEXT = "assay/secret-leak"
OBJECT = f"status:{HEAD}:{CONTEXT}"
GREEN = Plan(statuses=(WantedStatus(context=CONTEXT, state="success", description="no secret"),))
MINE = f"{URL}#issuecomment-501"


def difference(plan: Plan = GREEN, **mine: object) -> tuple[list[tuple[str, str, str]], Disputes]:
    observed = snapshot(own=own(**({"comments": (comment("x", 501),)} | mine)))
    disputed = disputes(plan, observed, bool)
    done = writes(plan, observed, disputed, bool)
    return [(one.state, one.description, one.target_url) for one in done if one.kind == "status.create"], disputed


def sibling(number: int, state: str, check: str = "secret-leak") -> SiblingVerdict:
    return SiblingVerdict(check=check, number=number, state=state, description=f"of {number}", target_url=f"/{number}")


def standing(**change: str) -> StatusSeen:
    return status(CONTEXT, **({"state": "success", "description": "no secret", "target_url": MINE} | change))


def test_a_status_that_is_missing_is_set_on_the_head_with_the_report_as_its_address() -> None:
    assert difference() == ([("success", "no secret", MINE)], Disputes())


def test_before_the_report_exists_the_address_is_left_open_and_the_next_look_finds_it_unchanged() -> None:
    observed = snapshot(own=own())
    done = writes(GREEN, observed, Disputes(), bool)
    assert [(one.object, one.sha, one.context, one.target_url) for one in done] == [(OBJECT, HEAD, CONTEXT, "")]
    with_report = snapshot(own=own(comments=(comment("x", 501),)))
    assert writes(GREEN, carried_out(with_report, done), Disputes(), bool) == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, "unchanged: nothing"),
        ({"state": "failure"}, "another state"),
        ({"description": "none"}, "another text"),
        ({"target_url": ""}, "another address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_bots_own_status_is_set_again_where_it_differs(change: dict[str, str], why: str) -> None:
    done, disputed = difference(statuses=(standing(**change),))
    assert (done, disputed) == ([("success", "no secret", MINE)] if change else [], Disputes()), why


@pytest.mark.parametrize(
    ("siblings", "said"),
    [
        ([sibling(3, "failure"), sibling(20, "error")], ("failure", "of 3", "/3")),
        ([sibling(20, "error"), sibling(21, "pending")], ("error", "of 20", "/20")),
        ([sibling(20, "pending")], ("pending", "of 20", "/20")),
        ([sibling(20, "success")], ("success", "no secret", MINE)),
        ([sibling(3, "success")], ("success", "of 3", "/3")),
        ([sibling(3, "failure"), sibling(2, "failure")], ("failure", "of 2", "/2")),
        ([sibling(3, "failure", check="policy")], ("success", "no secret", MINE)),
    ],
    ids=[
        "failure is worse than error",
        "error is worse than pending",
        "pending is worse than success",
        "among equals the lowest number speaks, here this one",
        "among equals the lowest number speaks, here the other",
        "of several failures the lowest number speaks",
        "another check says nothing about this one",
    ],
)
def test_a_commit_of_several_pull_requests(siblings: list[SiblingVerdict], said: tuple[str, str, str]) -> None:
    assert difference(siblings=tuple(siblings))[0] == [said]


@pytest.mark.parametrize(("creator", "who"), [(AGENT, AGENT), ("", "an unknown account")])
def test_a_status_of_somebody_else_in_the_bots_context_is_replaced_and_told(creator: str, who: str) -> None:
    done, disputed = difference(statuses=(standing(creator=creator),), held=(held(OBJECT, "sha256:0"),))
    assert done == [("success", "no secret", MINE)]
    assert disputed == Disputes(
        restored=(Restored(object=OBJECT, what=f"Status {CONTEXT} was set by {who}", today=1, total=1, last_at=NOW),)
    )


def test_a_status_that_was_replaced_three_times_today_is_left_where_it_is_no_better() -> None:
    often = Restored(object=OBJECT, what="", today=3, total=3, last_at=NOW)
    done, disputed = difference(statuses=(standing(creator=AGENT),), restored=(often,))
    assert (done, disputed) == ([], Disputes(left=(OBJECT,), alarms=(OBJECT,)))


def test_a_forged_pass_is_replaced_however_often_and_alarms() -> None:
    often = Restored(object=OBJECT, what="", today=3, total=3, last_at=NOW)
    red = Plan(statuses=(WantedStatus(context=CONTEXT, state="failure", description="a secret"),))
    done, disputed = difference(red, statuses=(standing(creator=AGENT),), restored=(often,))
    assert done == [("failure", "a secret", MINE)]
    assert (disputed.left, disputed.alarms) == ((), (OBJECT,))


def test_a_status_of_another_context_is_nobodys_business() -> None:
    foreign = status("ci / test (push)", "failure", creator="")
    assert difference(statuses=(foreign, standing())) == ([], Disputes())


def test_a_plan_without_statuses_writes_none() -> None:
    assert difference(Plan(), statuses=(standing(creator=BOT),)) == ([], Disputes())
