"""The payload openclaw.judge.v0: its fields, its hashes, what can't break out of it, and how strictly it is read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Memory
from handlers.judge.inputs import labels_hash, seen
from handlers.judge.names import step_label
from handlers.judge.payload import MAX_BYTES, NotAPayload, Payload, labels_of, parsed, written
from tests.judgments import ESCALATED, issue, opinion, payload
from tests.snapshots import HEAD, ISSUE, NOW, TEAM, snapshot
from tests.text.test_escape import hostile

NO_LABELS = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_it_has_every_field_of_the_form_in_order() -> None:
    made = payload(issue(memory=Memory(updated_at=NOW)), **ESCALATED)
    text = written(made)
    assert list(json.loads(text)) == [
        "confidence",
        "effort_hint",
        "escalation",
        "evidence_refs",
        "impact",
        "judge_actor",
        "judged_at",
        "labels_to_apply",
        "piotr_fit",
        "priority",
        "rationale_summary",
        "reach",
        "recommended_next_action",
        "rerun_reason",
        "schema",
        "target",
        "target_snapshot",
        "top_caveat",
    ]
    assert list(json.loads(text)["target_snapshot"]) == [
        "body_hash",
        "commit_count",
        "evidence_hash",
        "head_sha",
        "labels",
        "labels_hash",
        "state",
        "title_hash",
        "updated_at",
    ]
    assert text.startswith('{\n  "confidence": 4,\n')
    assert '"judged_at": "2026-03-01T12:30:00Z"' in text


def test_an_issue_has_neither_head_nor_commits_and_no_labels_have_the_empty_hash() -> None:
    found = seen(issue(), ())
    assert (found.head_sha, found.commit_count, found.labels, found.labels_hash) == (None, None, (), NO_LABELS)
    assert (found.title_hash, found.state) == (issue().inputs.title_hash, "open")


def test_a_pull_request_has_its_head_and_counts_commits_that_are_there() -> None:
    one = snapshot().inputs.commits[0]
    found = seen(snapshot(commits=(one, one.model_copy(update={"dropped": True}))), ())
    assert (found.head_sha, found.commit_count) == (HEAD, 1)


def test_labels_are_hashed_in_order() -> None:
    found = seen(issue(labels=("ops", "kind/bug")), ())
    assert (found.labels, found.labels_hash) == (("kind/bug", "ops"), labels_hash(["ops", "kind/bug"]))
    assert found.labels_hash == labels_hash(["kind/bug", "ops"]) != NO_LABELS


@pytest.mark.parametrize(
    ("change", "labels"),
    [
        ({}, ("judge/p2", "judge/codex-candidate")),
        ({"confidence": 2}, ("judge/p2", "judge/codex-candidate", "judge/low-confidence")),
        (ESCALATED, ("judge/p1", "judge/operator-needed")),
        (ESCALATED | {"recommended_next_action": "park"}, ("judge/p1", "judge/park", "judge/operator-needed")),
        ({"recommended_next_action": "needs_refinement"}, ("judge/p2", "judge/needs-refinement")),
    ],
)
def test_labels_follow_from_the_fields(change: dict[str, Any], labels: tuple[str, ...]) -> None:
    said = opinion(**change)
    assert labels_of(said, step_label(said.recommended_next_action, TEAM)) == labels


@given(st.lists(hostile.filter(lambda text: "\ud800" not in text), min_size=4, max_size=4))
def test_every_payload_parses_back_to_itself_and_holds_no_sign_that_acts(texts: list[str]) -> None:
    rationale, caveat, label, value = texts
    made = payload(
        issue(labels=(label,)),
        rationale_summary=rationale,
        top_caveat=caveat,
        evidence_refs=({"note": rationale, "value": value},),
        escalation={"kind": "operator", "reason": caveat},
    )
    text = written(made)
    assert parsed(text) == made
    assert text.isascii()
    assert not set("<>`@&") & set(text)
    assert Payload.model_validate(made.content()) == made


def test_a_time_keeps_its_offset() -> None:
    at = datetime.fromisoformat("2026-06-03T10:38:27+02:00")
    text = written(payload(issue(memory=Memory(updated_at=at))))
    assert '"updated_at": "2026-06-03T10:38:27+02:00"' in text
    assert parsed(text).target_snapshot.updated_at == at.astimezone(UTC)


def _changed(**change: Any) -> str:
    return json.dumps(payload(issue()).content() | change)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the payload is not valid JSON"),
        ("[]", "the payload is not a JSON object"),
        ("[" * 5000, "the payload is not valid JSON"),
        (_changed()[:-1] + ', "priority": "p3"}', "duplicate key"),
        (_changed(note=float("nan")), "NaN, which is not a JSON number"),
        (_changed(priority="p4"), "priority: "),
        (_changed(reach=6), "reach: "),
        (_changed(reach="3"), "reach: "),
        (_changed(reach=True), "reach: "),
        (_changed(schema="openclaw.judge.v1"), "schema: "),
        (_changed(mood="good"), "mood: "),
        (_changed(judged_at="yesterday"), "judged_at: "),
        (_changed(judged_at="2026-03-01T12:30:00"), "judged_at: "),
        (_changed(labels_to_apply="judge/p0"), "labels_to_apply: "),
        (_changed(target={"kind": "release", "number": 1, "repo": "a/b"}), "target.kind: "),
        (_changed(rationale_summary="x" * MAX_BYTES), "larger than 64 KB"),
        ('{"priority": "p1"}', "reach: is required"),
    ],
)
def test_what_is_not_of_the_form_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(NotAPayload, match=why):
        parsed(text)


def test_what_is_of_the_form_is_read_whatever_its_layout() -> None:
    made = payload(snapshot())
    assert parsed(json.dumps(made.content(), separators=(",", ":"))) == made
    assert made.target.model_dump() == {"kind": "pull", "number": 12, "repo": ISSUE.repository}
