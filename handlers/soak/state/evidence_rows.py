"""Lists all evidence of a thread: what counts, what does not and why, and what is stated in prose only."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from bot.model import EVIDENCE_BEGIN, CommentText, Evidence, blocks
from bot.policy import SoakPolicy
from handlers.soak.payload import Fact, Row
from handlers.soak.state import comment_claims, prose_evidence
from handlers.soak.state.inputs import Item, SoakInputs
from handlers.soak.state.progress import Seen
from handlers.soak.state.verify import Verified

Key = tuple[int, int]
MOST_OTHERS = 500
"""Maximum number of rows by other accounts or in prose, the newest: any commenter can write any number of them."""


def rows(
    inputs: SoakInputs,
    verified: Mapping[Key, Verified],
    said: Mapping[Key, Seen],
    others: Sequence[SoakPolicy] = (),
) -> Iterator[Row]:
    """Return a row for each piece of evidence, present or lost, and one for each statement in prose.

    `others` are the repository's soaks: a sentence that names only another one is not about this soak.
    """
    for item in inputs.items:
        seen = said.get(item.key, Seen(False, "not evaluated"))
        yield _row(item, seen, verified[item.key].facts, inputs)
    known = {item.key for item in inputs.items}
    more = (row for comment in reversed(inputs.comments) for row in _not_counted(comment, inputs, known, others))
    yield from islice(more, MOST_OTHERS)


def _not_counted(
    comment: CommentText, inputs: SoakInputs, known: set[Key], others: Sequence[SoakPolicy]
) -> Iterator[Row]:
    yield from _others(comment, inputs, known)
    told = list(prose_evidence.claims(comment, inputs.soak))
    claim = None if told or EVIDENCE_BEGIN in comment.body else comment_claims.claims_of(comment, inputs.soak, others)
    yield from [comment_claims.row(claim)] if claim else told


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
    """Return the run's address as reported by Forgejo, never the one in the evidence."""
    run = inputs.run(evidence.run)
    return run.url if run else ""


def _others(comment: CommentText, inputs: SoakInputs, known: set[Key]) -> Iterator[Row]:
    for block in blocks(comment.body):
        if (comment.id, block.index) in known:
            continue
        evidence = block.evidence
        about = {"comment": comment.id, "index": block.index, "by": comment.author, "at": comment.created_at}
        if evidence is None:
            yield Row(**about, kind="unreadable", why=f"unreadable evidence: {block.fault}")
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
        return f"not counted: evidence by {comment.author or 'a deleted account'} is not accepted here"
    return "not counted: the comment was edited, and anyone with write access can edit it; post it as a new comment"
