"""What in a thread is the bot's own, and who set which label."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.forgejo.types import Comment, Label, TimelineEvent
from bot.model import LabelSeen, digest
from bot.thread import own_objects
from tests.snapshots import AGENT, BOT, OPERATOR, PULL

MARKER = "<!-- assay:workshop/garden!12 -->"
IDS = {BOT: 6, AGENT: 3, OPERATOR: 1}
BOT_ID = IDS[BOT]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def said(number: int, by: str | None, body: str) -> Comment:
    at = "2026-03-01T00:00:00Z"
    user = {"id": IDS.get(by, 9), "login": by} if by else None
    return Comment.of({"id": number, "user": user, "body": body, "created_at": at, "updated_at": at})


def changed(name: str, by: str | None, *, added: bool = True) -> TimelineEvent:
    event: dict[str, Any] = {
        "type": "label",
        "body": "1" if added else "",
        "created_at": AT.isoformat(),
        "updated_at": AT.isoformat(),
        "label": {"id": 1, "name": name},
        "user": {"id": IDS.get(by, 9), "login": by} if by else None,
    }
    return TimelineEvent.of(event)


def label(name: str) -> Label:
    return Label.of({"id": 1, "name": name, "color": "0e8a16"})


@pytest.mark.parametrize(
    ("by", "body", "mine"),
    [
        (BOT, f"{MARKER}\n\nreport", True),
        (BOT, "<!-- assay:farm/meadow!12 -->\n\nreport from before the repository was renamed", True),
        (AGENT, f"{MARKER}\n\nreport", False),
        (None, f"{MARKER}\n\nreport", False),
        (BOT, f"Look: {MARKER}", False),
        (BOT, "<!-- assay:workshop/garden!1 -->", False),
        (BOT, "<!-- assay:workshop/garden#12 -->", False),
        (BOT, "<!-- assay:workshop/garden!123 -->", False),
        (BOT, "good morning", False),
    ],
)
def test_a_comment_is_the_bots_by_account_and_marker_together(by: str | None, body: str, mine: bool) -> None:
    assert bool(own_objects.comments(PULL, [said(1, by, body)], BOT_ID, {})) is mine


def test_own_comments_come_oldest_first_with_their_hash() -> None:
    found = own_objects.comments(PULL, [said(9, BOT, f"{MARKER} two"), said(4, BOT, f"{MARKER} one")], BOT_ID, {})
    assert [(one.id, one.purpose, one.body_hash) for one in found] == [
        (4, "report", digest(f"{MARKER} one")),
        (9, "report", digest(f"{MARKER} two")),
    ]


def test_the_last_change_of_each_label_tells_who() -> None:
    timeline = [changed("a", AGENT), changed("b", BOT), changed("a", OPERATOR, added=False), changed("c", None)]
    assert own_objects.labels([label("b"), label("c"), label("d")], timeline) == (
        LabelSeen(name="a", id=1, on=False, by=OPERATOR, at=AT),
        LabelSeen(name="b", id=1, on=True, by=BOT, at=AT),
        LabelSeen(name="c", id=1, on=True, by="", at=AT),
        LabelSeen(name="d", id=1, on=True, by="", at=None),
    )


def test_judgments_read_only_labels_that_others_set() -> None:
    timeline = [changed("mine", BOT), changed("theirs", AGENT), changed("ghost", None)]
    there = [label("mine"), label("theirs"), label("ghost"), label("unknown")]
    assert own_objects.foreign_labels(there, timeline, BOT_ID) == ("ghost", "theirs", "unknown")


def test_other_lines_of_the_timeline_are_passed_over() -> None:
    at = AT.isoformat()
    push = TimelineEvent.of({"type": "pull_push", "body": "{}", "created_at": at, "updated_at": at, "user": None})
    assert own_objects.labels([], [push]) == ()


def test_the_accounts_login_is_what_the_server_shows_beside_its_id() -> None:
    renamed = {"id": BOT_ID, "login": "assay"}
    at = AT.isoformat()
    event = TimelineEvent.of({"type": "label", "created_at": at, "updated_at": at, "user": renamed})
    assert own_objects.current_login(BOT_ID, [said(1, AGENT, "x")], [event]) == "assay"
    assert own_objects.current_login(BOT_ID, [said(1, AGENT, "x")]) == ""
