"""Lists all evidence of a thread: what counts, what doesn't and why, and what is told in words alone."""

from collections.abc import Iterator, Mapping
from itertools import islice

from bot.model import CommentText, Evidence, blocks
from handlers.soak.payload import Fact, Row
from handlers.soak.state import prose_evidence
from handlers.soak.state.inputs import Item, SoakInputs
from handlers.soak.state.progress import Seen
from handlers.soak.state.verify import Verified

Key = tuple[int, int]
MOST_OTHERS = 500
"""Pieces by others or in words that are told, the newest: whoever may comment can write any number of them."""


def rows(inputs: SoakInputs, verified: Mapping[Key, Verified], said: Mapping[Key, Seen]) -> Iterator[Row]:
    """Gives a row for each piece of evidence there is or was, and one for each that is told in words."""
    for item in inputs.items:
        seen = said.get(item.key, Seen(False, "not looked at"))
        yield _row(item, seen, verified[item.key].facts, inputs)
    known = {item.key for item in inputs.items}
    told = (row for comment in reversed(inputs.comments) for row in _told(comment, inputs, known))
    yield from islice(told, MOST_OTHERS)


def _told(comment: CommentText, inputs: SoakInputs, known: set[Key]) -> Iterator[Row]:
    yield from _others(comment, inputs, known)
    yield from prose_evidence.claims(comment, inputs.soak)


def _row(item: Item, seen: Seen, facts: tuple[Fact, ...], inputs: SoakInputs) -> Row:
    return Row(
        comment=item.comment,
        index=item.index,
        kind=item.evidence.kind,
        by=item.by,
        at=item.at,
        module=item.evidence.module,
        run=inputs.number(item.evidence),
        url=_url(item.evidence, inputs),
        counts=seen.counts,
        why=seen.why,
        facts=facts,
    )


def _url(evidence: Evidence, inputs: SoakInputs) -> str:
    """The run's address as Forgejo tells it, never as the evidence does."""
    run = inputs.run(evidence.run)
    return run.url if run else ""


def _others(comment: CommentText, inputs: SoakInputs, known: set[Key]) -> Iterator[Row]:
    for block in blocks(comment.body):
        if (comment.id, block.index) in known:
            continue
        evidence = block.evidence
        about = {"comment": comment.id, "index": block.index, "by": comment.author, "at": comment.created_at}
        if evidence is None:
            yield Row(**about, kind="unreadable", why=f"no evidence that can be read: {block.fault}")
        elif evidence.soak != inputs.soak.name:
            why = f"not counted: it is for the soak {evidence.soak}"
            yield Row(**about, kind=evidence.kind, module=evidence.module, run=inputs.number(evidence), why=why)
        else:
            why = _refused(comment, inputs)
            fact = Fact(name="author", standing="claimed", says=why, by=comment.author)
            number = inputs.number(evidence)
            yield Row(**about, kind=evidence.kind, module=evidence.module, run=number, why=why, facts=(fact,))


def _refused(comment: CommentText, inputs: SoakInputs) -> str:
    if not inputs.counts_from(comment.author):
        return f"not counted: evidence of {comment.author or 'an account that is gone'} doesn't count here"
    return "not counted: it was edited, and any writer can edit anybody's comment; post it as a new one"
