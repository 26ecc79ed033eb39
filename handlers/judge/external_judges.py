"""Reads the judgments that other accounts post in comments: which one is valid, and why the others are not.

A text is a payload only if both markers are on lines of their own. The bot does not answer a partial quotation of a
payload, nor an edited comment of an account that is not listed, because others may have written into it. The number of
answers is limited, because two programs could otherwise answer each other forever.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from bot.model import Answer, CommentText, Kind, Snapshot
from bot.policy import named
from bot.text import code, plain
from handlers.facts.text_cache import KnownTexts
from handlers.judge.payload import BEGIN, END, SCHEMA, NotAPayload, Payload, load, parsed

NOT_LISTED = "This judgment is ignored: {who} is not listed under `judge.judges` in the policy."
REFUSED = "This judgment is ignored: {why}. Fix it and post it as a new comment."
NAMELESS = "a deleted account"
REPLIES = 3
"""Number of comments of one account on one target that get a reply; later ones get only a reaction."""
ANSWERED = 20
"""Number of comments that get any answer: for each listed judge, and for all other accounts together."""
KNOWN = 2048
EDITED = "the comment was edited, so its author cannot be verified"


@dataclass(frozen=True)
class Foreign:
    """A valid judgment by a listed judge, with its comment."""

    comment: CommentText
    payload: Payload


@dataclass(frozen=True)
class Others:
    """The valid judgment of another judge, if any, and the answers to invalid ones."""

    standing: Foreign | None
    answers: tuple[Answer, ...]


def look(snapshot: Snapshot) -> Others:
    """Return the newest valid judgment by a listed judge, and the answers to ignored payloads.

    Comments from before the bot was set up in the repository get no answer.
    """
    read = [(comment, _read(comment, snapshot)) for comment in snapshot.inputs.comments]
    valid = [found for _, found in read if isinstance(found, Foreign)]
    since = snapshot.inputs.served_since
    faulty = [
        (comment, found)
        for comment, found in read
        if isinstance(found, str) and found and (since is None or comment.created_at >= since)
    ]
    newest = max(valid, key=lambda one: (one.comment.created_at, one.comment.id), default=None)
    return Others(newest, tuple(_answers(faulty, snapshot)))


def _answers(faulty: Sequence[tuple[CommentText, str]], snapshot: Snapshot) -> Iterator[Answer]:
    """Return a reply for the first few comments, and only a reaction for some more.

    The order in which comments were edited is unknown. If many are edited, none of them gets a reply: otherwise
    somebody who edits one after the other, from the last to the first, would get a reply each time.
    """
    edits = sum(comment.edited for comment, _ in faulty)
    spoken, answered = Counter[str](), Counter[str]()
    for comment, why in sorted(faulty, key=lambda one: one[0].id):
        login = comment.author.casefold()
        # Accounts that are not listed are counted together, under the empty name that no account has.
        group = login if named(login, snapshot.policy.judge.judges) else ""
        answered[group] += 1
        spoken[login] += not comment.edited
        words = edits <= REPLIES if comment.edited else spoken[login] <= REPLIES
        if answered[group] <= ANSWERED:
            reply = why if words else ""
            yield Answer(comment_id=comment.id, reactions=("confused",), reply=reply, topic="judgment")


def outdated(judgment: Foreign, snapshot: Snapshot) -> bool:
    """Return whether the target changed since the judgment, or the judgment is older than the policy allows.

    The age counts from the comment if the payload claims a later time.
    """
    then, now = judgment.payload.target_snapshot, snapshot.inputs
    changed = (then.title_hash, then.body_hash) != (now.title_hash, now.body_hash)
    moved = snapshot.target.kind is Kind.PULL and then.head_sha not in {None, now.head.sha}
    at = min(judgment.payload.judged_at, judgment.comment.created_at)
    return changed or moved or snapshot.taken_at - at > timedelta(days=snapshot.policy.judge.stale_days)


def between_markers(body: str) -> list[str]:
    """Return each text between a line with the begin marker and the next line with the end marker."""
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
    """Return the judgment in a comment, or the reason why it is ignored; an empty text if there is none."""
    if BEGIN not in comment.body:
        return ""
    if not named(comment.author, snapshot.policy.judge.judges):
        who = code(comment.author) if comment.author else NAMELESS
        return NOT_LISTED.format(who=who) if not comment.edited and _claimed(comment.body) else ""
    texts = between_markers(comment.body)
    if not texts:
        return ""
    try:
        return Foreign(comment, _accepted(comment, texts, snapshot))
    except NotAPayload as fault:
        return REFUSED.format(why=plain(str(fault), 400))


def _accepted(comment: CommentText, texts: list[str], snapshot: Snapshot) -> Payload:
    if len(texts) > 1:
        raise NotAPayload("the comment contains more than one judgment")
    payload = _payload(texts[0])
    if comment.edited:
        raise NotAPayload(EDITED)
    about, target = payload.target, snapshot.target
    same = about.repo.casefold() == target.repository.casefold()
    if not same or (about.number, about.kind) != (target.number, target.kind.value):
        expected = f"{target.kind.value} {target.number} of {target.repository}"
        raise NotAPayload(f"wrong target: expected {expected}, got {about.kind} {about.number} of {about.repo}")
    return payload


def _claims(body: str) -> bool:
    return any(map(_claims_to_judge, between_markers(body)))


def _claims_to_judge(text: str) -> bool:
    try:
        return load(text).get("schema") == SCHEMA
    except NotAPayload:
        return False


_payload = lru_cache(maxsize=64)(parsed)
_claimed = KnownTexts(_claims, KNOWN)
