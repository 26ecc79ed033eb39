"""What somebody may try with evidence who wants a gate open, and what comes of it."""

from typing import Any

from bot.model import CommitSeen
from tests.handlers.soaking import SOAK, Thread, evidence, later, smoke, told

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
    assert thread.look(later(hours=4)).progress.runs == (729,)
