"""Reads the bot's own comments from a thread, and who last set or removed each label."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.forgejo.types import Comment, Label, TimelineEvent
from bot.model import Held, LabelSeen, OwnComment, Target, digest
from bot.plan import report

PURPOSE = re.compile(r"<!-- assay:[^\s:]+:([a-z0-9-]{1,64}) -->")


def comments(
    target: Target, found: Iterable[Comment], account: str, known: Mapping[int, str]
) -> tuple[OwnComment, ...]:
    """Return the bot's comments on a target, oldest first: those of its account that begin with one of its markers.

    A comment whose id is `known` from the ledger counts without a marker too: another account's edit may have removed
    it. A marker in another account's comment is ordinary text.
    """
    mine = []
    for comment in sorted(found, key=lambda comment: comment.id):
        if comment.user is None or comment.user.login != account:
            continue
        purpose = known.get(comment.id) or _purpose(target, comment.body)
        if purpose:
            content = digest(report.without_footer(comment.body))
            mine.append(
                OwnComment(id=comment.id, purpose=purpose, body_hash=digest(comment.body), content_hash=content)
            )
    return tuple(mine)


def known_comments(held: Iterable[Held]) -> dict[int, str]:
    """Return the purpose of each comment id that the ledger knows."""
    return {
        thing.remote_id: thing.object.removeprefix("comment:")
        for thing in held
        if thing.object.startswith("comment:") and thing.remote_id is not None
    }


def _purpose(target: Target, body: str) -> str:
    if body.startswith(report.marker(target)):
        return "report"
    match = PURPOSE.match(body)
    return match[1] if match and body.startswith(report.marker(target, match[1])) else ""


def labels(there: Sequence[Label], timeline: Iterable[TimelineEvent]) -> tuple[LabelSeen, ...]:
    """Return each present or former label with the account that changed it last; sorted by name."""
    last = _last_changes(timeline)
    on = {label.name: label.id for label in there}
    found = []
    for name in sorted(on.keys() | last.keys()):
        event = last.get(name)
        by = event.user.login if event and event.user else ""
        number = on.get(name) or (event.label.id if event and event.label else 0)
        found.append(LabelSeen(name=name, on=name in on, id=number, by=by, at=event.created_at if event else None))
    return tuple(found)


def foreign_labels(there: Sequence[Label], timeline: Iterable[TimelineEvent], account: str) -> tuple[str, ...]:
    """Return the names of the labels that other accounts set: judgments may read only these."""
    last = _last_changes(timeline)
    names = {label.name for label in there}
    return tuple(sorted(name for name in names if name not in last or (last[name].user or _NOBODY).login != account))


class _Nobody:
    login = ""


_NOBODY = _Nobody()


def _last_changes(timeline: Iterable[TimelineEvent]) -> dict[str, TimelineEvent]:
    return {event.label.name: event for event in timeline if event.type == "label" and event.label is not None}
