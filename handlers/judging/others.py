"""Reads the judgments that other accounts write into comments: whose counts, whose doesn't, and why not.

A payload counts as one where both its markers stand on lines of their own, as in the form. Somebody who quotes a part
of it in a discussion is no judge, and isn't answered.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.escape import code, plain
from bot.model import Answer, CommentText, Kind, Snapshot
from bot.policy import named
from handlers.judging.payload import BEGIN, END, SCHEMA, NotAPayload, Payload, load, parsed

NOT_LISTED = "This judgment changes nothing: {who} isn't among the judges that the policy names (`judge.judges`)."
REFUSED = "This judgment changes nothing: {why}. Mend it in a new comment."
NAMELESS = "an account that is gone"
EDITED = "the comment was edited after it was written, so nobody can be sure who wrote it"


@dataclass(frozen=True)
class Foreign:
    """A judgment by an account that the policy names, in its comment."""

    comment: CommentText
    payload: Payload


@dataclass(frozen=True)
class Others:
    """What other judges said: the judgment that counts, and answers to those that don't."""

    standing: Foreign | None
    answers: tuple[Answer, ...]


def look(snapshot: Snapshot) -> Others:
    """Gives the newest judgment by a judge of the policy's list, and answers to payloads that change nothing.

    What was written before the bot's time in the repository isn't answered.
    """
    valid: list[Foreign] = []
    answers: list[Answer] = []
    since = snapshot.inputs.served_since
    for comment in snapshot.inputs.comments:
        found = _read(comment, snapshot)
        if isinstance(found, Foreign):
            valid.append(found)
        elif found and (since is None or comment.created_at >= since):
            answers.append(Answer(comment_id=comment.id, reactions=("confused",), reply=found, topic="judgment"))
    newest = max(valid, key=lambda one: (one.comment.created_at, one.comment.id), default=None)
    return Others(newest, tuple(answers))


def outdated(judgment: Foreign, snapshot: Snapshot) -> bool:
    """Says whether what was judged has changed since, or the judgment is older than the policy lets it be.

    A judgment is never younger than the comment that it came in.
    """
    then, now = judgment.payload.target_snapshot, snapshot.inputs
    changed = (then.title_hash, then.body_hash) != (now.title_hash, now.body_hash)
    moved = snapshot.target.kind is Kind.PULL and then.head_sha not in {None, now.head.sha}
    at = min(judgment.payload.judged_at, judgment.comment.created_at)
    return changed or moved or snapshot.taken_at - at > timedelta(days=snapshot.policy.judge.stale_days)


def between_markers(body: str) -> list[str]:
    """Gives each text that stands between a line of the first marker and the next one of the second."""
    found, start = [], None
    lines = body.split("\n")
    for number, line in enumerate(lines):
        mark = line.strip()
        if mark == BEGIN:
            start = number
        elif mark == END and start is not None:
            found.append("\n".join(lines[start + 1 : number]))
            start = None
    return found


def _read(comment: CommentText, snapshot: Snapshot) -> Foreign | str:
    """The judgment in a comment, or why what is there counts for nothing; empty where there is none."""
    texts = between_markers(comment.body)
    if not named(comment.author, snapshot.policy.judge.judges):
        who = code(comment.author) if comment.author else NAMELESS
        return NOT_LISTED.format(who=who) if any(map(_claims, texts)) else ""
    if not texts:
        return ""
    try:
        return Foreign(comment, _accepted(comment, texts, snapshot))
    except NotAPayload as fault:
        return REFUSED.format(why=plain(str(fault), 400))


def _accepted(comment: CommentText, texts: list[str], snapshot: Snapshot) -> Payload:
    if len(texts) > 1:
        raise NotAPayload("there is more than one judgment in the comment")
    payload = parsed(texts[0])
    if comment.edited:
        raise NotAPayload(EDITED)
    about, target = payload.target, snapshot.target
    same = about.repo.casefold() == target.repository.casefold()
    if not same or (about.number, about.kind) != (target.number, target.kind.value):
        raise NotAPayload(f"it judges {about.kind} {about.number} of {about.repo}, which isn't this one")
    return payload


def _claims(text: str) -> bool:
    try:
        return load(text).get("schema") == SCHEMA
    except NotAPayload:
        return False
