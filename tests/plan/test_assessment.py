"""From snapshot to reports to plan: which checks speak, and what should exist because of them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.model import ChangedFile, Check, Kind, Report, Restored, Snapshot, Target, Tools, Verdict, WantedLabel
from bot.plan.assessment import assess, plan
from bot.policy import PATH
from tests.snapshots import HEAD, ISSUE, NOW, PULL, TOOLS, finding, held, own, report, snapshot


def speaking(name: str) -> Callable[[Snapshot, Tools], Awaitable[Report]]:
    async def answer(_snapshot: Snapshot, _tools: Tools) -> Report:
        return report(check=name)

    return answer


CHECKS = (
    Check("always", frozenset(Kind), speaking("always")),
    Check("pulls", frozenset({Kind.PULL}), speaking("pulls")),
    Check("judge", frozenset(Kind), speaking("judge"), states=frozenset({"open"})),
)


@pytest.mark.parametrize(
    ("target", "change", "spoke"),
    [
        (PULL, {}, ["always", "pulls", "judge"]),
        (PULL, {"draft": True}, ["always", "pulls"]),
        (PULL, {"state": "merged"}, ["always", "pulls"]),
        (PULL, {"state": "closed", "draft": True}, ["always", "pulls"]),
        (ISSUE, {}, ["always", "judge"]),
        (ISSUE, {"state": "closed"}, ["always"]),
    ],
    ids=["open", "draft", "merged", "closed draft", "issue", "closed issue"],
)
async def test_the_state_of_a_target_decides_which_checks_run(
    target: Target, change: dict[str, Any], spoke: list[str]
) -> None:
    assessed = await assess(snapshot(target, **change), CHECKS, TOOLS)
    assert [one.check for one in assessed.reports] == spoke


async def test_named_checks_run_whatever_the_state_but_not_on_another_kind() -> None:
    closed = snapshot(ISSUE, state="closed")
    assessed = await assess(closed, CHECKS, TOOLS, ["judge", "pulls"])
    assert [one.check for one in assessed.reports] == ["judge"]


async def test_a_broken_policy_is_an_error_before_all_other_reports() -> None:
    first, *rest = (await assess(snapshot(policy_problems=(f"{PATH}:3: no",)), CHECKS, TOOLS)).reports
    assert (first.check, first.verdict, [one.evidence for one in first.findings]) == (
        "policy",
        Verdict.ERROR,
        [f"{PATH}:3: no"],
    )
    assert len(rest) == 3


async def test_a_mended_policy_turns_its_own_red_status_green() -> None:
    mended = snapshot(own=own(held=(held(f"status:{HEAD}:assay/policy"),)))
    first, *_ = (await assess(mended, CHECKS, TOOLS)).reports
    assert (first.check, first.verdict, first.findings) == ("policy", Verdict.PASS, ())


@pytest.mark.parametrize(
    ("target", "state", "verdict", "waits"),
    [
        (PULL, "open", Verdict.PASS, False),
        (PULL, "merged", Verdict.PASS, True),
        (PULL, "merged", Verdict.BLOCK, False),
        (ISSUE, "open", Verdict.PASS, True),
        (ISSUE, "open", Verdict.SKIP, True),
        (ISSUE, "open", Verdict.ADVISE, False),
        (ISSUE, "open", Verdict.BLOCK, False),
    ],
)
def test_a_clean_issue_and_a_clean_past_get_no_report(
    target: Target, state: str, verdict: Verdict, waits: bool
) -> None:
    (comment,) = plan(snapshot(target, state=state), [report(verdict)]).comments
    assert (comment.purpose, comment.only_if_there) == ("report", waits)
    assert comment.body.startswith(comment.marker)


def test_what_was_put_back_is_told_even_on_a_clean_issue() -> None:
    restored = Restored(object="label:judge/p0", what="Label judge/p0 was set by codex", today=1, total=1, last_at=NOW)
    (comment,) = plan(snapshot(ISSUE), [report()], [restored], ["label:judge/p1"]).comments
    assert comment.only_if_there is False
    assert "Label judge/p0 was set by codex; restored once" in comment.body
    assert "`label:judge/p1`. The bot will not restore it again before tomorrow." in comment.body


def test_a_second_change_of_another_kind_is_not_told_as_the_same_one_twice() -> None:
    what = "This comment was deleted by somebody else"
    restored = Restored(object="comment:report", what=what, today=2, total=2, last_at=NOW)
    (comment,) = plan(snapshot(ISSUE), [report()], [restored]).comments
    assert f"{what}; restored. Changes by others here were restored 2 times, most recently on" in comment.body


def test_labels_carry_the_evidence_of_their_report() -> None:
    one = report(Verdict.BLOCK, labels={"safety:secret-touch": True, "merge/auto": False}, findings=(finding(),))
    assert plan(snapshot(), [one, report(check="other")]).labels == {
        "safety:secret-touch": WantedLabel(on=True, evidence=one.evidence),
        "merge/auto": WantedLabel(on=False, evidence=one.evidence),
    }


@pytest.mark.parametrize(
    "file",
    [ChangedFile(path=PATH, status="changed"), ChangedFile(path="docs/old.yml", status="renamed", old_path=PATH)],
    ids=["changed", "renamed away"],
)
def test_a_pull_request_that_changes_the_policy_is_told_that_it_did_not_decide(file: ChangedFile) -> None:
    (comment,) = plan(snapshot(files=(file,)), [report()]).comments
    assert "The checks used the policy of the default branch, not this change." in comment.body
    assert "has decided" not in plan(snapshot(), [report()]).comments[0].body


def test_what_waits_for_an_operator_is_told() -> None:
    (comment,) = plan(snapshot(policy_notes=("writers waits for @operator",)), [report()]).comments
    assert "> writers waits for @\u2060operator" in comment.body
