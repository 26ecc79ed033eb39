"""Targets, hashes and frozen values."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.model import Decision, Inputs, Judgment, Kind, Leak, ProtectedLine, Severity, Snapshot, Target, Verdict, digest
from bot.policy import Policy
from tests.snapshots import (
    BOT,
    PULL,
    again,
    comment,
    finding,
    gap,
    held,
    inputs,
    leak,
    own,
    report,
    seen,
    snapshot,
    status,
)


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("workshop/garden!12", Kind.PULL, 12),
        ("workshop/garden#12", Kind.ISSUE, 12),
        ("https://forge.example/workshop/garden/pulls/12", Kind.PULL, 12),
        ("https://forge.example/workshop/garden/issues/12#issuecomment-5", Kind.ISSUE, 12),
        ("http://localhost:3000/under/a/path/workshop/garden/pulls/12/", Kind.PULL, 12),
    ],
)
def test_a_target_is_understood_as_name_or_address(text: str, kind: Kind, number: int) -> None:
    assert Target.parse(text) == Target(repository="workshop/garden", number=number, kind=kind)


@pytest.mark.parametrize(
    "text",
    ["", "garden!12", "workshop/garden", "workshop/garden!", "workshop/garden!x", "a/b/c!1", "/pulls/1", "a/b!1 c"],
)
def test_what_names_no_target_is_refused_with_the_forms_that_do(text: str) -> None:
    with pytest.raises(ValueError, match="use owner/repo!12"):
        Target.parse(text)


@given(st.from_regex(r"[a-z][\w.-]{0,9}/[\w.-]{1,9}", fullmatch=True), st.integers(1, 10**9), st.sampled_from(Kind))
def test_a_target_written_is_the_target_read(repository: str, number: int, kind: Kind) -> None:
    target = Target(repository=repository, number=number, kind=kind)
    assert Target.parse(str(target)) == target


def test_verdicts_and_severities_have_an_order() -> None:
    assert sorted(Verdict, key=lambda one: one.rank) == ["skip", "pass", "advise", "pending", "error", "block"]
    assert [one.rank for one in Severity] == [0, 1, 2, 3]


def test_the_hash_of_a_snapshot_covers_what_judgments_read() -> None:
    same = snapshot().hash
    changes: list[Snapshot] = [
        snapshot(title="Water the roses"),
        snapshot(leaks=(leak(),)),
        snapshot(policy=Policy()),
        snapshot(policy_problems=("broken",)),
        snapshot(policy_notes=("waiting",)),
        snapshot(PULL.model_copy(update={"number": 13})),
    ]
    assert snapshot().hash == same
    assert len({same, *(one.hash for one in changes)}) == len(changes) + 1


def test_only_a_leak_that_was_not_merged_says_so_in_json() -> None:
    found = leak()
    later = found.model_copy(update={"unmerged": True})
    assert "unmerged" not in found.model_dump(mode="json")
    assert [Leak.model_validate(one.model_dump(mode="json")) for one in (found, later)] == [found, later]


def test_what_the_bot_wrote_changes_no_hash() -> None:
    mine = own(comments=(comment("x"),), labels=(seen("judge/p0", BOT),), held=(held("label:judge/p0"),))
    assert snapshot(own=mine).hash == snapshot().hash


def test_a_snapshot_comes_back_from_a_file_with_its_hash() -> None:
    observed = snapshot(leaks=(leak(),), gaps=(gap(),), statuses=(status("ci", creator=""),), own=own(restored=()))
    assert (again(observed), again(observed).hash) == (observed, observed.hash)


def test_a_value_of_another_version_is_refused() -> None:
    content = leak().model_dump(mode="json") | {"certainty": 1}
    with pytest.raises(ValidationError, match="certainty"):
        Leak.model_validate(content)
    with pytest.raises(ValidationError, match="frozen"):
        leak().__setattr__("rule", "x")


def test_a_gap_is_known_again_by_what_it_is_and_not_by_why() -> None:
    assert gap("file a", "too large").fingerprint == gap("file a", "took too long").fingerprint
    assert gap("file a").fingerprint != gap("file b").fingerprint
    assert gap("file a").fingerprint[:3] == "gp_"


def test_the_evidence_of_a_report_changes_with_verdict_and_findings_and_not_with_words() -> None:
    bare = report(Verdict.BLOCK, findings=(finding(),))
    assert bare.evidence == report(Verdict.BLOCK, findings=(finding(evidence="twice"),), summary="other").evidence
    others = [
        report(Verdict.ADVISE, findings=(finding(),)),
        report(Verdict.BLOCK),
        report(Verdict.BLOCK, findings=(finding(fingerprint=f"sf_{'9' * 16}"),)),
        report(Verdict.BLOCK, check="policy", findings=(finding(),)),
    ]
    assert len({bare.evidence, *(other.evidence for other in others)}) == len(others) + 1


def test_the_order_of_findings_is_no_evidence() -> None:
    one, two = finding(fingerprint=f"sf_{'1' * 16}"), finding(fingerprint=f"sf_{'2' * 16}")
    assert report(findings=(one, two)).evidence == report(findings=(two, one)).evidence


@given(st.text(st.characters(), max_size=20))
def test_any_text_has_a_hash(text: str) -> None:
    assert digest(text).startswith("sha256:")


def test_a_snapshot_of_version_0_1_is_still_read() -> None:
    line = {"name": "TOKEN", "path": "x.sh", "line": 2, "removed": True}
    kept = inputs().model_dump(mode="json") | {"touches": [line]}
    del kept["protected_lines"]
    assert Inputs.model_validate(kept).protected_lines == (ProtectedLine(**line),)


def test_a_decision_and_a_judgment_of_version_0_1_are_still_read() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    written = {"comment_id": 5, "line": 1, "command": "hold", "by": "ada", "at": at}
    assert Decision.model_validate(written | {"standing": "operator"}).role == "operator"
    assert (
        Judgment.model_validate({"check": "judge", "at": at, "ground": "sha256:0", "content": {}}).basis == "sha256:0"
    )
