"""Reads from a thread what concerns the bot itself: its own comments, and who last set or took which label."""

from collections.abc import Iterable, Sequence

from bot import report
from bot.forgejo.types import Comment, Label, TimelineEvent
from bot.model import LabelSeen, OwnComment, Target, digest


def comments(
    target: Target, found: Iterable[Comment], account: str, known: int | None = None
) -> tuple[OwnComment, ...]:
    """Gives the bot's reports on a target, oldest first: comments of its account that begin with its marker.

    The comment of id `known`, which the ledger says is the report, counts without a marker too: somebody else's edit
    may have taken it out. A marker in somebody else's comment is text.
    """
    marker = report.marker(target)
    return tuple(
        OwnComment(
            id=comment.id,
            purpose="report",
            body_hash=digest(comment.body),
            content_hash=digest(report.without_footer(comment.body)),
        )
        for comment in sorted(found, key=lambda comment: comment.id)
        if comment.user is not None
        and comment.user.login == account
        and (comment.body.startswith(marker) or comment.id == known)
    )


def labels(there: Sequence[Label], timeline: Iterable[TimelineEvent]) -> tuple[LabelSeen, ...]:
    """Gives each label that is on, or was, with who changed it last; sorted by name."""
    last = _last_changes(timeline)
    on = {label.name for label in there}
    found = []
    for name in sorted(on | last.keys()):
        event = last.get(name)
        by = event.user.login if event and event.user else ""
        found.append(LabelSeen(name=name, on=name in on, by=by, at=event.created_at if event else None))
    return tuple(found)


def foreign_labels(there: Sequence[Label], timeline: Iterable[TimelineEvent], account: str) -> tuple[str, ...]:
    """Gives the names of the labels that somebody else than the bot set: what judgments may read."""
    last = _last_changes(timeline)
    names = {label.name for label in there}
    return tuple(sorted(name for name in names if name not in last or (last[name].user or _NOBODY).login != account))


class _Nobody:
    login = ""


_NOBODY = _Nobody()


def _last_changes(timeline: Iterable[TimelineEvent]) -> dict[str, TimelineEvent]:
    return {event.label.name: event for event in timeline if event.type == "label" and event.label is not None}
