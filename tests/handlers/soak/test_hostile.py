"""What somebody may try with evidence who wants a gate open, and what comes of it."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.model import CommitSeen
from bot.policy import SoakPolicy
from handlers.soak.state.inputs import all_soak_inputs
from handlers.soak.state.machine import Soak
from tests.handlers.soak.soaking import FALLBACK, MARKER, PHRASE, SOAK, Thread, evidence, later, proven, smoke, told
from tests.snapshots import OPERATOR

ANY: dict[str, Any] = SOAK | {"modules": []}


def installed() -> Thread:
    """A thread in which runs may begin to count, with any module."""
    thread = Thread(policy=dict(ANY))
    thread.pulls[273] = later(hours=1)
    thread.write(told(evidence("install")), later(hours=0.5))
    return thread


def test_a_commit_that_begins_like_one_of_the_default_branch_is_another() -> None:
    good, other = "abcdef1" + "0" * 33, "abcdef1" + "f" * 33
    thread = installed()
    thread.commits = [CommitSeen(sha=good, on_default=True, pulls=(273,)), CommitSeen(sha=other, on_default=False)]
    thread.run(729, later(hours=2), commit=good)
    thread.run(730, later(hours=2), commit=other)
    thread.write(told(smoke(729, commit="abcdef1"), smoke(730, commit="abcdef1")), later(hours=3))
    assert thread.evaluate(later(hours=4)).progress.runs == [729]


def test_a_rerun_takes_back_no_failure() -> None:
    thread = proven()
    thread.run(740, later(hours=30), "failure")
    thread.write(told(smoke(740)), later(hours=31))
    assert thread.evaluate(later(days=8.5)).name == "installed"
    thread.runs[-1] = thread.runs[-1].model_copy(update={"status": "success"})
    assert thread.evaluate(later(days=8.6)).name == "installed"
    thread.write(told(smoke(740)), later(days=8.7))
    assert thread.evaluate(later(days=8.8)).progress.runs == [740]


def test_a_flood_of_evidence_pushes_no_failure_out_of_memory() -> None:
    thread = proven()
    thread.run(740, later(hours=30))
    failing = thread.write(told(smoke(740, steps={"plan": {"exit_code": 3}})), later(hours=31))
    assert thread.evaluate(later(days=8.5)).name == "installed"
    thread.comments.remove(failing)
    for number in range(16):
        thread.write(told(*[evidence("approval")] * 20), later(days=8.6), id=100 + number)
    thread.evaluate(later(days=8.7))
    assert thread.evaluate(later(days=8.8)).name == "installed"


def test_a_phrase_that_came_too_early_opens_nothing_when_a_run_ends_well_later() -> None:
    thread = proven()
    thread.runs[-1] = thread.runs[-1].model_copy(update={"status": "cancelled"})
    thread.write(PHRASE, later(days=9), OPERATOR)
    assert thread.evaluate(later(days=9.1)).name == "soaking"
    thread.runs[-1] = thread.runs[-1].model_copy(update={"status": "success"})
    assert not thread.evaluate(later(days=9.2)).open
    thread.write(PHRASE, later(days=9.3), OPERATOR)
    assert thread.evaluate(later(days=9.4)).open


def test_a_passing_fault_of_the_server_costs_no_second_phrase() -> None:
    thread = proven()
    thread.write(PHRASE, later(days=9), OPERATOR)
    assert thread.evaluate(later(days=9.1)).open
    whole, thread.runs = thread.runs, [run.model_copy(update={"unknown": "500"}) for run in thread.runs]
    assert not thread.evaluate(later(days=9.2)).open
    thread.runs = whole
    assert thread.evaluate(later(days=9.3)).open


def test_a_clock_behind_the_servers_passes_nothing_over() -> None:
    thread = proven()
    thread.write(PHRASE, later(days=9), OPERATOR)
    behind = thread.snapshot(later(days=9) - timedelta(seconds=3), comments=tuple(thread.comments))
    (inputs,) = all_soak_inputs(behind)
    assert Soak(inputs).name == "approved"


def test_a_smoke_needs_no_word_of_what_it_did_not_see_but_an_audit_does() -> None:
    thread = installed()
    thread.run(729, later(hours=2))
    thread.write(told(smoke(729, markers={MARKER: 2})), later(hours=3))
    assert thread.evaluate(later(hours=4)).rows[-1].counts
    thread = proven()
    thread.comments.pop()
    thread.write(told(evidence("audit", markers={MARKER: 16})), later(days=8))
    assert f"no count of {FALLBACK} given" in thread.evaluate(later(days=8)).rows[-1].why


def test_no_more_runs_are_asked_for_than_are_looked_at() -> None:
    with pytest.raises(ValidationError):
        SoakPolicy.model_validate(SOAK | {"smokes": 101})


def test_when_a_run_began_is_remembered_as_long_as_its_evidence_stands() -> None:
    thread = proven()
    assert thread.evaluate(later(days=8)).name == "awaiting-operator"
    thread.runs = [run.model_copy(update={"started_at": None}) for run in thread.runs]
    assert thread.evaluate(later(days=8.1)).name == "awaiting-operator"
    assert thread.evaluate(later(days=8.2)).name == "awaiting-operator"
    assert [one["began"] is not None for one in thread.kept[SOAK["name"]]["evidence"]] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_what_strangers_write_is_told_to_a_measure() -> None:
    thread = proven()
    for number in range(60):
        thread.write(told(*[smoke(1)] * 20), later(days=8), "stranger", id=100 + number)
    soak = thread.evaluate(later(days=8.5))
    assert (soak.name, len(soak.rows), sum(row.counts for row in soak.rows)) == ("awaiting-operator", 505, 5)
