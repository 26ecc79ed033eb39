"""Stores decisions and judgments of an evaluation before any write; the next evaluation reads them."""

from bot.model import Decision
from bot.reconcile.evaluate import Evaluation
from bot.store import Store, decisions
from bot.store.ledger import Entry, append


async def remember(store: Store, evaluation: Evaluation) -> None:
    """Store decisions and judgments for the next evaluation."""
    target, now = evaluation.snapshot.target, evaluation.snapshot.taken_at
    made = [one for report in evaluation.reports for one in report.decisions]
    judged = [report.judgment for report in evaluation.reports if report.judgment is not None]
    if not made and not judged:
        return
    entries = [
        Entry.of(target, "decision", _actor(one), object=f"comment:{one.comment_id}:{one.line}", detail=_told(one))
        for one in made
    ]
    entries += [
        Entry.of(
            target, one.kind, one.actor, object=one.object, detail=one.detail, snapshot_hash=evaluation.snapshot.hash
        )
        for report in evaluation.reports
        for one in report.records
        if report.judgment is not None
    ]
    async with store.session() as session:
        await decisions.keep_decisions(session, target, made)
        await decisions.keep_judgments(session, target, judged)
        await append(session, entries, now)


def _actor(decision: Decision) -> str:
    """Return who gave a command; empty for an edit (line 0), since Forgejo does not say who edited a comment."""
    return decision.by if decision.line else ""


def _told(decision: Decision) -> dict[str, str]:
    """Return the ledger's detail of a decision; the text of the command is stored only with the decision."""
    return {
        "command": decision.command,
        "argument": decision.argument,
        "at": decision.at.isoformat(),
        "refused": decision.refused,
    }
