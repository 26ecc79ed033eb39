"""Reads the judgments that other accounts write into comments: whose counts, whose doesn't, and why not.

A payload counts as one where both its markers stand on lines of their own, as in the form. Somebody who quotes a part
of it in a discussion is no judge, and isn't answered; nor is what stands in an edited comment of an account that isn't
listed, since anybody may have written it there. How often the bot answers has limits: two programs could go on
answering each other for ever.
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

NOT_LISTED = "This judgment changes nothing: {who} isn't among the judges that the policy names (`judge.judges`)."
REFUSED = "This judgment changes nothing: {why}. Mend it in a new comment."
NAMELESS = "an account that is gone"
REPLIES = 3
"""Comments of one account on one target that are answered with words; then it is reactions alone."""
ANSWERED = 20
"""Comments that are answered at all: of each judge of the list, and of all other accounts together."""
KNOWN = 2048
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
    """Words to the first few, reactions to some more.

    Nobody knows in which order comments were edited. They get no words where they are many, since else each would get
    them who edits one after the other from the last to the first.
    """
    edits = sum(comment.edited for comment, _ in faulty)
    spoken, answered = Counter[str](), Counter[str]()
    for comment, why in sorted(faulty, key=lambda one: one[0].id):
        login = comment.author.casefold()
        # Those who aren't listed are counted together, under the name that no account has.
        group = login if named(login, snapshot.policy.judge.judges) else ""
        answered[group] += 1
        spoken[login] += not comment.edited
        words = edits <= REPLIES if comment.edited else spoken[login] <= REPLIES
        if answered[group] <= ANSWERED:
            reply = why if words else ""
            yield Answer(comment_id=comment.id, reactions=("confused",), reply=reply, topic="judgment")


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
        raise NotAPayload("there is more than one judgment in the comment")
    payload = _payload(texts[0])
    if comment.edited:
        raise NotAPayload(EDITED)
    about, target = payload.target, snapshot.target
    same = about.repo.casefold() == target.repository.casefold()
    if not same or (about.number, about.kind) != (target.number, target.kind.value):
        raise NotAPayload(f"it judges {about.kind} {about.number} of {about.repo}, which isn't this one")
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
