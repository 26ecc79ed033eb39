"""What the thread of a tracking issue holds for a soak: what counts, what is kept, and who used a run first."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END, CommentText, Decision, Judgment, RunSeen, SoakSeen, digest
from bot.policy import load
from bot.soaks.evidence_thread import (
    MAX_COMMENTS,
    MAX_TEXT,
    accounts,
    authors,
    bearing,
    decisions_of,
    elsewhere,
    evidence_items,
    kept_of,
    remembered,
    runs_of,
    shared_runs,
)
from bot.store.soak_observations import Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = load(
    "soaks:\n"
    "- {name: deploy, issue: 3, gate: open-sesame, evidence_from: [ann]}\n"
    "- {name: other, issue: 4, evidence_from: [ann]}\n"
)
DEPLOY, OTHER = POLICY.soaks


def said(number: int, body: str, author: str = "ann", **change: Any) -> CommentText:
    values = {"created_at": NOW + timedelta(minutes=number), "edited": False, "witnessed": True} | change
    return CommentText(id=number, author=author, body=body, body_hash=digest(body), **values)


def proof(run: int, soak: str = "deploy", kind: str = "smoke", **more: Any) -> str:
    payload = json.dumps({"soak": soak, "kind": kind, "run": {"number": run}, **more})
    return f"{EVIDENCE_BEGIN}\n{payload}\n{EVIDENCE_END}"


def reading(*comments: CommentText, name: str = "deploy", issue: int = 3, runs: tuple[RunSeen, ...] = ()) -> Reading:
    return Reading(issue, "main", "", SoakSeen(name=name, comments=comments, runs=runs))


def runs(*comments: CommentText, trusted: tuple[str, ...] = ("ann",)) -> list[int]:
    return [run.number for run in runs_of(one.evidence for one in evidence_items(comments, "deploy", trusted))]


def test_evidence_that_counts_comes_first_and_all_of_it_comes() -> None:
    thread = (
        said(1, proof(1), "eve"),
        said(2, proof(2), edited=True),
        said(3, proof(3) + "\n" + proof(4)),
        said(4, proof(5, soak="another")),
        said(5, "> " + proof(6)),
        said(6, proof(0)),
        said(7, EVIDENCE_BEGIN + "no json" + EVIDENCE_END),
        said(8, proof(8), "ANN"),
    )
    assert runs(*thread) == [3, 4, 8, 1, 2]
    assert authors(thread, "deploy") == ("eve", "ann", "ANN")


def test_whose_evidence_counts_is_named_or_may_write_or_operates() -> None:
    policy = load("soaks: [{name: deploy, issue: 3}]\n").narrowed(("root",))
    assert accounts(policy, policy.soaks[0], ("ann",)) == ("ann", "root")
    assert accounts(POLICY, DEPLOY, ("bob",)) == ("ann",)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (proof(1), True),
        (proof(1, soak="another"), True),
        ("I write Open-Sesame.", True),
        ("see\n  /soak restart deploy", True),
        ("/soaking", False),
        ("a word about /soak", False),
        ("open sesame", False),
    ],
)
def test_what_bears_on_a_soak_is_kept(body: str, kept: bool) -> None:
    found, lost = bearing((said(1, body),), DEPLOY, ())
    assert (len(found), lost) == (int(kept), False)


def test_a_crowd_leaves_out_nothing_that_counts() -> None:
    crowd = [said(number, proof(number), "eve") for number in range(1, MAX_COMMENTS + 10)]
    found, lost = bearing((*crowd, said(5000, proof(1))), DEPLOY, ("ann",))
    assert (len(found), found[-1].author, lost) == (MAX_COMMENTS, "ann", False)
    long = "open-sesame " + "x" * (MAX_TEXT - 100)
    found, lost = bearing((said(1, long, "eve"), said(2, long), said(3, long)), DEPLOY, ("ann",))
    assert ([one.id for one in found], lost) == ([2], True)


def test_a_run_belongs_to_the_soak_whose_evidence_named_it_first() -> None:
    others = {"other": reading(said(10, proof(1, "other")), said(30, proof(2, "other")), name="other", issue=4)}
    mine = evidence_items((said(20, proof(1)), said(21, proof(2)), said(22, proof(3))), "deploy", ("ann",))
    assert elsewhere(mine, (), DEPLOY, POLICY, others) == {1: "other"}


@pytest.mark.parametrize(
    "comment",
    [
        said(10, proof(1, "other"), "eve"),
        said(10, proof(1, "other"), edited=True),
        said(10, proof(1, "other", "audit")),
        said(10, proof(1, "deploy")),
    ],
)
def test_what_counts_for_no_other_soak_takes_no_run_away(comment: CommentText) -> None:
    others = {"other": reading(comment, name="other", issue=4), "gone": reading(name="gone", issue=9)}
    assert elsewhere(evidence_items((said(20, proof(1)),), "deploy", ("ann",)), (), DEPLOY, POLICY, others) == {}


def test_a_run_that_a_stranger_named_earlier_here_is_still_the_others() -> None:
    others = {"other": reading(said(10, proof(1, "other")), name="other", issue=4)}
    thread = (said(1, proof(1), "eve"), said(20, proof(1)))
    assert elsewhere(evidence_items(thread, "deploy", ("ann",)), (), DEPLOY, POLICY, others) == {1: "other"}


def test_soaks_of_one_issue_are_for_its_own_thread_to_tell_apart() -> None:
    policy = POLICY.model_copy(update={"soaks": (DEPLOY, OTHER.model_copy(update={"issue": 3}))})
    others = {"other": reading(said(10, proof(1, "other")), name="other", issue=3)}
    assert elsewhere(evidence_items((said(20, proof(1)),), "deploy", ("ann",)), (), DEPLOY, policy, others) == {}


def test_a_run_that_is_named_by_its_id_alone_is_the_same_run() -> None:
    known = (RunSeen(number=7, id=1007),)
    by_id = proof(0).replace('"number": 0', '"id": 1007')
    mine = evidence_items((said(20, by_id),), "deploy", ("ann",))
    theirs = reading(said(10, by_id.replace("deploy", "other")), name="other", issue=4, runs=known)
    assert elsewhere(mine, known, DEPLOY, POLICY, {"other": theirs}) == {7: "other"}
    assert elsewhere(mine, (), DEPLOY, POLICY, {"other": theirs}) == {}


def test_soaks_share_runs_that_both_name() -> None:
    one = reading(runs=(RunSeen(number=7), RunSeen(number=0, id=5, status="missing")))
    assert shared_runs(one, reading(name="other", issue=4, runs=(RunSeen(number=7),)))
    other = reading(name="other", issue=4, runs=(RunSeen(number=8), RunSeen(number=0, id=5, status="missing")))
    assert not shared_runs(one, other)


def test_the_newest_judgment_tells_what_is_remembered() -> None:
    made = [
        Judgment(check=check, at=NOW + timedelta(minutes=at), basis="", content=content)
        for check, at, content in (
            ("soak-evidence", 5, {"soaks": {"deploy": {"state": "soaking"}, "odd": [1]}}),
            ("soak-evidence", 1, {"soaks": {"deploy": {"state": "old"}}}),
            ("judge", 9, {"soaks": {"deploy": {"state": "not ours"}}}),
        )
    ]
    assert kept_of(made, "deploy") == {"state": "soaking"}
    assert (kept_of(made, "odd"), kept_of(made, "none"), kept_of((), "deploy")) == ({}, {}, {})


def test_remembered_evidence_is_read_as_far_as_it_can_be() -> None:
    good = {"evidence": {"soak": "deploy", "kind": "smoke", "run": {"number": 7}}}
    found = remembered({"evidence": [good, {}, {"evidence": {"kind": "?"}}, "x", None]})
    assert [run.number for run in runs_of(found)] == [7]
    assert remembered({}) == []


def test_decisions_about_soaks_are_kept_and_no_others() -> None:
    made = [Decision(comment_id=1, line=at, command=name, by="ann", at=NOW) for at, name in enumerate(COMMANDS, 1)]
    assert [one.command for one in decisions_of(made)] == ["soak", "soak-restart"]


COMMANDS = ("soak", "hold", "soak-restart", "priority")
