"""The soaks' state machine: each state by its evidence, and what doesn't count, each with its reason."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bot.model import CommitSeen, Decision
from handlers.soak.state.describe import describe
from handlers.soak.state.ledger_records import records
from handlers.soak.state.machine import Soak
from tests.handlers.soak.soaking import (
    FALLBACK,
    MARKER,
    PHRASE,
    RUNNER,
    SOAK,
    Thread,
    evidence,
    later,
    proven,
    removed,
    smoke,
    told,
)
from tests.snapshots import AGENT, OPERATOR


def begun() -> Thread:
    thread = Thread()
    thread.pulls[273] = later(hours=1)
    thread.write(told(evidence("install")), later(hours=0.5))
    return thread


def why(soak: Soak, comment: int) -> str:
    (row,) = [row for row in describe(soak).evidence if row.comment == comment]
    return row.why


def test_the_way_from_install_to_closed() -> None:
    thread = removed()
    thread.pulls[437] = later(days=10)
    states = [thread.evaluate(one.created_at).name for one in thread.comments]
    assert states == [
        "installed",
        "soaking",
        "soaking",
        "threshold-met",
        "awaiting-operator",
        "approved",
        "removed",
    ]
    assert thread.evaluate(later(days=10)).name == "closed"
    reached = [one.to for one in describe(thread.evaluate(later(days=10))).transitions]
    assert reached == [
        "installed",
        "soaking",
        "threshold-met",
        "audited",
        "awaiting-operator",
        "approved",
        "removed",
        "closed",
    ]


def test_nothing_begins_without_install_evidence() -> None:
    thread = Thread()
    thread.pulls[273] = later(hours=1)
    thread.run(729, later(hours=2))
    thread.write(told(smoke(729)), later(hours=3))
    assert thread.evaluate(later(hours=3)).name == "not-started"
    thread.write(told(evidence("install")), later(hours=4))
    assert thread.evaluate(later(hours=4)).name == "soaking"


Change = Callable[[Thread], Any]
RUN = {"number": 729, "id": 869, "workflow": "auto-apply.yml"}
NOT_COUNTED: dict[str, tuple[Change, str]] = {
    "before the prerequisite was merged": (
        lambda t: t.run(729, later(hours=0.9)),
        "the run started before the merge of #273",
    ),
    "a prerequisite that isn't merged": (lambda t: (t.pulls.clear(), t.run(729, later(hours=2))), "#273 is not merged"),
    "a commit without the prerequisite": (
        lambda t: (t.commits.__setitem__(0, CommitSeen(sha="c3" * 20, on_default=True)), t.run(729, later(hours=2))),
        "the run's commit does not contain #273",
    ),
    "a commit beside the default branch": (
        lambda t: (
            t.commits.__setitem__(0, CommitSeen(sha="c3" * 20, on_default=False, pulls=(273,))),
            t.run(729, later(hours=2)),
        ),
        "the commit is not on the default branch",
    ),
    "a run that nobody knows": (lambda t: t.run(729, later(hours=2), "missing"), "run #729 not found in Forgejo"),
    "a run that can't be asked for": (lambda t: t.run(729, later(hours=2), "", unknown="HTTP 403"), "HTTP 403"),
    "a run that failed": (lambda t: t.run(729, later(hours=2), "failure"), "run #729 failed"),
    "a run that was cancelled": (lambda t: t.run(729, later(hours=2), "cancelled"), "ended with cancelled"),
    "a run that goes on": (
        lambda t: t.run(729, later(hours=2), "running"),
        "not counted yet: run #729 has not finished: running",
    ),
    "a run that is stuck": (
        lambda t: t.run(729, later(hours=2), "stuck"),
        "run #729 is stuck: it waits without a task; restart the runner",
    ),
    "another commit": (lambda t: t.run(729, later(hours=2), commit="d4" * 20), ", not c3c3"),
    "another id": (lambda t: t.run(729, later(hours=2), id=1), "has the id 1, not 869"),
    "another workflow": (lambda t: t.run(729, later(hours=2), workflow="other.yml"), "the run is of other.yml"),
    "a time that isn't told": (lambda t: t.run(729, None, started_at=None), "Forgejo reports no start time"),
    "a run that began after its evidence": (
        lambda t: t.run(729, later(hours=4)),
        "started after the evidence was written",
    ),
    "a run that was used elsewhere": (
        lambda t: (t.elsewhere.update({729: "canary-bridge"}), t.run(729, later(hours=2))),
        "used for the soak canary-bridge",
    ),
}


@pytest.mark.parametrize(("change", "reason"), NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_a_smoke_is_not_counted_for(change: Change, reason: str) -> None:
    thread = begun()
    change(thread)
    comment = thread.write(told(smoke(729)), later(hours=3))
    soak = thread.evaluate(later(hours=3))
    assert soak.name == "installed"
    assert reason in why(soak, comment.id)


NOT_ATTESTED: dict[str, tuple[dict[str, Any], str]] = {
    "no marker": ({"markers": {FALLBACK: 0}}, f"{MARKER} not found in any log"),
    "a forbidden marker": ({"markers": {MARKER: 2, FALLBACK: 1}}, f"a log contains the forbidden text {FALLBACK}"),
    "an exit code": ({"steps": {"plan": {"status": "drift", "exit_code": 2}}}, "step plan ended with exit code 2"),
    "no exit codes": ({"steps": {}}, "names no step"),
    "a step without an exit code": ({"steps": {"plan": {"status": "in-sync"}}}, "no exit code"),
    "no run": ({"run": None}, "it names no run"),
    "no commit": ({"commit": ""}, "it names no commit"),
    "another module": (
        {"module": "elsewhere"},
        "expected one of the modules matrix-well-known, dashboard, got module elsewhere",
    ),
    "another soak": ({"soak": "canary-bridge"}, "it is for the soak canary-bridge"),
}


@pytest.mark.parametrize(("change", "reason"), NOT_ATTESTED.values(), ids=NOT_ATTESTED)
def test_a_smoke_that_says_this_is_not_counted(change: dict[str, Any], reason: str) -> None:
    thread = begun()
    thread.run(729, later(hours=2))
    comment = thread.write(told(smoke(729) | change), later(hours=3))
    soak = thread.evaluate(later(hours=3))
    assert soak.name == "installed"
    assert reason in why(soak, comment.id)


def test_a_run_counts_once_and_every_module_is_needed() -> None:
    thread = begun()
    for place in range(3):
        thread.run(729 + place, later(hours=2 + place))
        thread.write(told(smoke(729 + place)), later(hours=2.5 + place))
    again = thread.write(told(smoke(729)), later(hours=6))
    soak = thread.evaluate(later(hours=6))
    assert (soak.name, why(soak, again.id)) == ("soaking", "not counted: run #729 already counts")
    assert "missing modules: dashboard" in describe(soak).why
    thread.run(740, later(hours=7))
    thread.write(told(smoke(740, "dashboard")), later(hours=8))
    assert thread.evaluate(later(hours=8)).name == "threshold-met"


def test_a_run_that_is_named_by_its_id_alone_counts_once_too() -> None:
    thread = begun()
    thread.run(729, later(hours=2))
    thread.write(told(smoke(729)), later(hours=3))
    again = thread.write(told(evidence("smoke", run={"id": 869})), later(hours=4))
    soak = thread.evaluate(later(hours=4))
    assert (len(soak.progress.counted), why(soak, again.id)) == (1, "not counted: run #729 already counts")


def test_several_payloads_of_one_comment_count_each() -> None:
    thread = begun()
    for number in (729, 730, 731):
        thread.run(number, later(hours=2))
    thread.write(told(smoke(729), smoke(730, "dashboard"), smoke(731)), later(hours=3))
    assert thread.evaluate(later(hours=3)).name == "threshold-met"


AUDITS: dict[str, tuple[dict[str, Any], float, str]] = {
    "too early": ({}, 6, "too early, not before 2026-05-21 10:00 UTC"),
    "read too early": ({"observed_at": later(days=2).isoformat()}, 8, "too early"),
    "too short": ({"window_hours": 24}, 8, "24 hours, 48 required"),
    "too few logs": ({"logs": 9}, 8, "9 logs, 10 required"),
    "silent about the forbidden marker": ({"markers": {MARKER: 16}}, 8, f"no count of {FALLBACK} given"),
    "without a window": ({"window_hours": None}, 8, "no number of hours given"),
}


@pytest.mark.parametrize(("change", "days", "reason"), AUDITS.values(), ids=AUDITS)
def test_an_audit_is_not_counted_when(change: dict[str, Any], days: float, reason: str) -> None:
    thread = proven()
    thread.comments.pop()
    comment = thread.write(told(evidence("audit", **change)), later(days=days))
    soak = thread.evaluate(later(days=days))
    assert soak.name == "threshold-met"
    assert reason in why(soak, comment.id)


PHRASES: dict[str, tuple[str, dict[str, Any]]] = {
    "an agent's": (PHRASE, {"author": AGENT}),
    "edited": (PHRASE, {"edited": True}),
    "unwitnessed": (PHRASE, {"witnessed": False}),
    "quoted": (f"> {PHRASE}", {}),
    "in a fence": (f"```\n{PHRASE}\n```", {}),
    "in a sentence": (f"I would write {PHRASE} tomorrow.", {}),
    "misspelt": (PHRASE[:-1], {}),
    "in a list": (f"- {PHRASE}", {}),
    "in a sentence over three lines": (f"Please don't write\n{PHRASE}\nYet I'm not sure.", {}),
    "before the rest of a sentence": (f"{PHRASE}\nis what I shall write.", {}),
}


@pytest.mark.parametrize(("body", "change"), PHRASES.values(), ids=PHRASES)
def test_a_phrase_opens_nothing_when_it_is(body: str, change: dict[str, Any]) -> None:
    thread = proven()
    thread.write(body, later(days=9), **({"author": OPERATOR} | change))
    soak = thread.evaluate(later(days=9))
    assert (soak.name, soak.open) == ("awaiting-operator", False)


@pytest.mark.parametrize(
    "body", [PHRASE, f"`{PHRASE}`", f"Looked at it all.\n\n{PHRASE}\n", f"All good\n{PHRASE}", f"{PHRASE}\nThanks."]
)
def test_a_phrase_on_a_line_of_its_own_opens_the_gate(body: str) -> None:
    thread = proven()
    comment = thread.write(body, later(days=9), OPERATOR)
    soak = thread.evaluate(later(days=9))
    assert (soak.name, soak.open) == ("approved", True)
    assert soak.gate is not None
    assert (soak.gate.by, soak.gate.comment) == (OPERATOR, comment.id)


def test_a_phrase_before_the_audit_is_too_early_for_ever() -> None:
    thread = proven()
    audit = thread.comments.pop()
    early = thread.write(PHRASE, later(days=7), OPERATOR)
    thread.write(audit.body, later(days=8))
    soak = thread.evaluate(later(days=8))
    assert soak.name == "awaiting-operator"
    assert soak.progress.early == {early.id: "threshold-met"}


def test_evidence_of_somebody_else_is_told_and_not_counted() -> None:
    thread = begun()
    thread.run(729, later(hours=2))
    comment = thread.write(told(smoke(729)), later(hours=3), "stranger")
    soak = thread.evaluate(later(hours=3))
    assert (soak.name, why(soak, comment.id)) == ("installed", "not counted: evidence by stranger is not accepted here")


def lose(thread: Thread, comment: int, how: str) -> None:
    place = next(at for at, one in enumerate(thread.comments) if one.id == comment)
    if how == "deleted":
        thread.comments.pop(place)
    else:
        thread.comments[place] = thread.comments[place].model_copy(update={"edited": True, "body_hash": "sha256:0"})


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_evidence_that_falls_takes_the_state_back_and_closes_the_gate(how: str) -> None:
    thread = proven()
    thread.write(PHRASE, later(days=9), OPERATOR)
    assert thread.evaluate(later(days=9)).open
    lose(thread, 3, how)
    soak = thread.evaluate(later(days=10))
    assert (soak.name, soak.open) == ("soaking", False)
    (alarm,) = soak.alarms
    assert "opened with comment 6 is closed again" in alarm
    assert f"the smoke evidence in comment 3 was {how}" in alarm


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_what_is_removed_stays_removed_with_an_alarm(how: str) -> None:
    thread = removed()
    assert thread.evaluate(later(days=9, hours=3)).name == "removed"
    lose(thread, 3, how)
    soak = thread.evaluate(later(days=10))
    assert (soak.name, soak.open) == ("removed", True)
    (alarm,) = soak.alarms
    assert "The state stays removed" in alarm
    thread.pulls[437] = later(days=11)
    assert thread.evaluate(later(days=12)).name == "closed"


def test_an_edit_within_the_second_of_writing_is_found_by_its_hash() -> None:
    thread = begun()
    thread.run(729, later(hours=2))
    comment = thread.write(told(smoke(729)), later(hours=3))
    assert thread.evaluate(later(hours=3)).name == "soaking"
    thread.comments[-1] = comment.model_copy(update={"body_hash": "sha256:1"})
    assert thread.evaluate(later(hours=4)).name == "installed"


def failed(thread: Thread, at: datetime) -> None:
    thread.run(790, at)
    thread.write(told(smoke(790, "dashboard", markers={MARKER: 1, FALLBACK: 1})), at)


def test_a_failure_in_the_window_starts_the_soak_over() -> None:
    thread = proven()
    failed(thread, later(days=8.5))
    soak = thread.evaluate(later(days=9))
    assert (soak.name, soak.progress.first) == ("installed", None)
    assert "restarted (run #790: a log contains the forbidden text" in describe(soak).why
    thread.comments.pop()  # taking the failure away doesn't undo it
    assert thread.evaluate(later(days=10)).name == "installed"


def test_a_failure_blocks_where_the_policy_says_so_until_an_operator_restarts() -> None:
    thread = proven(Thread(policy=SOAK | {"on_failure": "block"}))
    failed(thread, later(days=8.5))
    soak = thread.evaluate(later(days=9))
    assert soak.name == "blocked"
    assert "/soak-restart deploy-runner-token" in describe(soak).next.what
    restart = Decision(
        comment_id=90, line=1, command="soak-restart", argument=SOAK["name"], by=OPERATOR, at=later(days=10)
    )
    thread.decisions.append(restart)
    assert thread.evaluate(later(days=10)).name == "installed"


def test_a_removal_before_the_gate_is_an_alarm_and_not_counted() -> None:
    thread = proven()
    thread.run(800, later(days=8.2))
    run = {"number": 800, "id": 940, "workflow": "auto-apply.yml"}
    thread.write(told(evidence("removal", run=run)), later(days=8.5))
    soak = thread.evaluate(later(days=9))
    assert soak.name == "awaiting-operator"
    assert any("the gate was closed" in alarm for alarm in soak.alarms)


def test_a_removal_by_a_run_from_before_the_phrase_is_not_counted() -> None:
    thread = proven()
    thread.run(800, later(days=8.5))
    thread.write(PHRASE, later(days=9), OPERATOR)
    run = {"number": 800, "id": 940, "workflow": "auto-apply.yml"}
    comment = thread.write(told(evidence("removal", run=run)), later(days=9, hours=2))
    soak = thread.evaluate(later(days=10))
    assert (soak.name, "did not start after the gate" in why(soak, comment.id)) == ("approved", True)


def test_words_alone_are_a_claim_with_the_command_that_proves_it() -> None:
    thread = begun()
    body = f"Smoke passed.\n\n- run #729, success, commit {'c3' * 20}\n- plan exitCode 0\n- `{MARKER}` twice\n"
    comment = thread.write(body, later(hours=3), RUNNER)
    soak = thread.evaluate(later(hours=3))
    (row,) = [row for row in describe(soak).evidence if row.comment == comment.id]
    assert (soak.name, row.kind, row.run, row.facts[0].standing) == ("installed", "smoke", 729, "claimed")
    assert "--kind smoke --run-number 729 --commit SHA --log FILE --artifact FILE --post" in row.why


def test_without_a_phrase_the_audit_opens() -> None:
    thread = proven(Thread(policy={name: value for name, value in SOAK.items() if name != "gate"}))
    soak = thread.evaluate(later(days=8))
    assert (soak.name, soak.open) == ("audited", True)


def test_the_ledger_hears_of_each_change_once() -> None:
    thread = proven()
    first = list(records(thread.evaluate(later(days=8))))
    assert [one.kind for one in first] == ["evidence"] * 5 + ["soak"]
    assert list(records(thread.evaluate(later(days=8, hours=1)))) == []
    thread.write(PHRASE, later(days=9), OPERATOR)
    opened = list(records(thread.evaluate(later(days=9))))
    assert [(one.kind, one.actor) for one in opened] == [("soak", ""), ("gate", OPERATOR)]
    assert opened[1].detail == {
        "open": True,
        "comment": 6,
        "at": later(days=9).isoformat(),
        "state": "awaiting-operator",
    }
    lose(thread, 3, "deleted")
    fell = list(records(thread.evaluate(later(days=10))))
    assert [(one.kind, one.detail.get("lost", one.detail.get("open"))) for one in fell] == [
        ("evidence", "deleted"),
        ("soak", None),
        ("gate", False),
    ]
