"""Reads the bot's own comments from a thread, and who last set or removed each label."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.forgejo.types import Comment, Label, TimelineEvent
from bot.model import Held, Kind, LabelSeen, OwnComment, Target, digest
from bot.plan import report

_MARKER = re.compile(r"<!-- assay:[^\s:!#]+([!#]\d+)(?::([a-z0-9-]{1,64}))? -->")


def comments(
    target: Target, found: Iterable[Comment], account_id: int, known: Mapping[int, str]
) -> tuple[OwnComment, ...]:
    """Return the bot's comments on a target, oldest first: those of its account that begin with one of its markers.

    A comment whose id is `known` from the ledger counts without a marker too: another account's edit may have removed
    it. A marker in another account's comment is ordinary text.
    """
    mine = []
    for comment in sorted(found, key=lambda comment: comment.id):
        if comment.user.id != account_id:
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
    """A marker is told by the target's sign and number: the repository may have been called otherwise."""
    found = _MARKER.match(body)
    here = f"{'!' if target.kind is Kind.PULL else '#'}{target.number}"
    return (found[2] or "report") if found and found[1] == here else ""


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


def foreign_labels(there: Sequence[Label], timeline: Iterable[TimelineEvent], account_id: int) -> tuple[str, ...]:
    """Return the names of the labels that other accounts set: judgments may read only these."""
    last = _last_changes(timeline)
    names = {label.name for label in there}
    return tuple(sorted(name for name in names if name not in last or last[name].user.id != account_id))


def current_login(account_id: int, *sources: Iterable[Comment | TimelineEvent]) -> str:
    """Return what the bot's account is called in what Forgejo just told; empty where it isn't named."""
    users = (thing.user for source in sources for thing in source)
    return next((user.login for user in users if user.id == account_id and user.login), "")


def _last_changes(timeline: Iterable[TimelineEvent]) -> dict[str, TimelineEvent]:
    return {event.label.name: event for event in timeline if event.type == "label" and event.label is not None}
