"""What acts were about: merges that were scheduled before a push, and gaps that are bound to the merge base."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.forgejo.types import PullRef, PullRequest, Repository, TimelineEvent, User
from bot.model import Gap
from bot.observe.acts import _scheduled_by, bound
from bot.thread import Thread
from tests.snapshots import HEAD, inputs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEDULED, CANCELLED, PUSH, RETARGET = (
    "pull_scheduled_merge",
    "pull_cancel_scheduled_merge",
    "pull_push",
    "change_target_branch",
)


def events(*types: str) -> list[TimelineEvent]:
    return [
        TimelineEvent(id=number, type=kind, user=User(id=1, login=f"u{number}"), created_at=NOW + timedelta(number))
        for number, kind in enumerate(types)
    ]


@pytest.mark.parametrize(
    ("types", "by"),
    [
        ((), ""),
        ((PUSH,), ""),
        ((SCHEDULED,), ""),
        ((PUSH, SCHEDULED), ""),
        ((SCHEDULED, PUSH), "u0"),
        ((SCHEDULED, RETARGET), "u0"),
        ((SCHEDULED, PUSH, CANCELLED), ""),
        ((SCHEDULED, CANCELLED, PUSH), ""),
        ((SCHEDULED, PUSH, SCHEDULED), ""),
        ((SCHEDULED, PUSH, "label"), "u0"),
    ],
)
def test_a_schedule_from_before_the_newest_change_is_told(types: tuple[str, ...], by: str) -> None:
    assert _scheduled_by(events(*types)) == by


def thread(base: str = "main", merge_base: str = "b2" * 20) -> Thread:
    repository = Repository(id=1, full_name="workshop/garden")
    pull = PullRequest(
        number=1,
        state="open",
        base=PullRef(ref=base),
        head=PullRef(sha=HEAD),
        merge_base=merge_base,
        created_at=NOW,
        updated_at=NOW,
    )
    return Thread(pull, repository, (), ())


def fingerprint(about: Thread, of: str = HEAD, merge_base: str = "b2" * 20) -> str:
    gap = Gap(what="further commits", why="too many", of=of)
    (found,) = bound(inputs(gaps=(gap,), merge_base=merge_base), about).gaps
    return found.fingerprint


def test_a_gap_of_a_head_is_another_one_with_another_base() -> None:
    here = fingerprint(thread())
    assert here == fingerprint(thread())
    assert fingerprint(thread(base="stage")) != here
    assert fingerprint(thread(), merge_base="c3" * 20) != here
    assert fingerprint(thread(merge_base="c3" * 20), merge_base="") != here


def test_a_gap_of_a_file_stays_the_same_with_another_base() -> None:
    assert fingerprint(thread(), of="a blob") == fingerprint(thread(base="stage"), of="a blob")


def test_a_gap_of_an_issue_stays_as_it_is() -> None:
    gap = Gap(what="the rest of the description", why="too long", of=HEAD)
    seen = inputs(gaps=(gap,))
    issue = replace(thread(), head=thread().repository)  # type: ignore[arg-type]
    assert bound(seen, issue) == seen
