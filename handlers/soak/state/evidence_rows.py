"""Lists all evidence of a thread: what counts, what doesn't and why, and what is told in words alone."""

from collections.abc import Iterator, Mapping
from itertools import islice

from bot.model import CommentText, Evidence, blocks
from handlers.soak.payload import Fact, Row
from handlers.soak.state import prose_evidence
from handlers.soak.state.inputs import Ground, Item
from handlers.soak.state.progress import Seen
from handlers.soak.state.verify import Verified

Key = tuple[int, int]
MOST_OTHERS = 500
"""Pieces by others or in words that are told, the newest: whoever may comment can write any number of them."""


def rows(ground: Ground, verified: Mapping[Key, Verified], said: Mapping[Key, Seen]) -> Iterator[Row]:
    """Gives a row for each piece of evidence there is or was, and one for each that is told in words."""
    for item in ground.items:
        seen = said.get(item.key, Seen(False, "not looked at"))
        yield _row(item, seen, verified[item.key].facts, ground)
    known = {item.key for item in ground.items}
    told = (row for comment in reversed(ground.comments) for row in _told(comment, ground, known))
    yield from islice(told, MOST_OTHERS)


def _told(comment: CommentText, ground: Ground, known: set[Key]) -> Iterator[Row]:
    yield from _others(comment, ground, known)
    yield from prose_evidence.claims(comment, ground.soak)


def _row(item: Item, seen: Seen, facts: tuple[Fact, ...], ground: Ground) -> Row:
    return Row(
        comment=item.comment,
        index=item.index,
        kind=item.evidence.kind,
        by=item.by,
        at=item.at,
        module=item.evidence.module,
        run=ground.number(item.evidence),
        url=_url(item.evidence, ground),
        counts=seen.counts,
        why=seen.why,
        facts=facts,
    )


def _url(evidence: Evidence, ground: Ground) -> str:
    """The run's address as Forgejo tells it, never as the evidence does."""
    run = ground.run(evidence.run)
    return run.url if run else ""


def _others(comment: CommentText, ground: Ground, known: set[Key]) -> Iterator[Row]:
    for block in blocks(comment.body):
        if (comment.id, block.index) in known:
            continue
        evidence = block.evidence
        about = {"comment": comment.id, "index": block.index, "by": comment.author, "at": comment.created_at}
        if evidence is None:
            yield Row(**about, kind="unreadable", why=f"no evidence that can be read: {block.fault}")
        elif evidence.soak != ground.soak.name:
            why = f"not counted: it is for the soak {evidence.soak}"
            yield Row(**about, kind=evidence.kind, module=evidence.module, run=ground.number(evidence), why=why)
        else:
            why = _refused(comment, ground)
            fact = Fact(name="author", standing="claimed", says=why, by=comment.author)
            number = ground.number(evidence)
            yield Row(**about, kind=evidence.kind, module=evidence.module, run=number, why=why, facts=(fact,))


def _refused(comment: CommentText, ground: Ground) -> str:
    if not ground.counts_from(comment.author):
        return f"not counted: evidence of {comment.author or 'an account that is gone'} doesn't count here"
    return "not counted: it was edited, and any writer can edit anybody's comment; post it as a new one"
