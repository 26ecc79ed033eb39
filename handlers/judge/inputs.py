"""The evidence that a judgment reads from a snapshot, as a text to compare: if it changes, a new judgment is due."""

from collections.abc import Iterable

from bot.model import Call, Kind, Snapshot, canonical, digest
from handlers.facts.accepted import open_gaps, open_leaks
from handlers.judge.human_decisions import obeyed
from handlers.judge.payload import FAMILY, TargetSnapshot
from handlers.judge.signals.table import Signal
from handlers.soak import SOAK_EVIDENCE, tracked_soaks

SOAKS = SOAK_EVIDENCE.name
JUDGE = "judge"


def facts(labels: Iterable[str]) -> list[str]:
    """Return the labels that are evidence: all except those of the judge's own family, sorted."""
    return sorted(name for name in labels if not name.casefold().startswith(FAMILY))


def labels_hash(names: Iterable[str]) -> str:
    """Return the hash of the sorted label names, one per line."""
    return digest("\n".join(sorted(names)))


def readable(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot as rules and models read it: without labels of the judge's own family.

    Anybody can set such a label when opening a target, so it is not evidence.
    """
    labels = tuple(name for name in snapshot.inputs.labels if not name.casefold().startswith(FAMILY))
    return snapshot.model_copy(update={"inputs": snapshot.inputs.model_copy(update={"labels": labels})})


def called(snapshot: Snapshot) -> tuple[Call, ...]:
    """Return what the checks before this one ask the operator for. The soaks of an issue are evidence of their own."""
    own = {JUDGE, SOAKS} if snapshot.target.kind is Kind.ISSUE else {JUDGE}
    return tuple(call for call in snapshot.memory.calls if call.check not in own)


def evidence(snapshot: Snapshot, signals: Iterable[Signal]) -> str:
    """Return the canonical JSON of the evidence of a judgment; any change in it causes a new judgment.

    Times and values that change by themselves are left out. Only comments with a signal of the rules are included, so
    not every comment causes a new judgment. Labels of the judge's own family are answers to a judgment, not evidence:
    changing one does not ask for a new judgment.
    """
    read, policy = snapshot.inputs, snapshot.policy
    cited = {signal.ref for signal in signals}
    calls = [[call.check, call.action] for call in called(snapshot)]
    soaks = [[soak.inputs.soak.name, soak.name] for soak in tracked_soaks(snapshot)]
    return canonical(
        ({"soaks": soaks} if soaks else {})
        | ({"calls": calls} if calls else {})
        | {
            "author": read.author,
            "base": read.base.ref,
            "body": read.body_hash,
            "comments": [[one.id, one.body_hash] for one in read.comments if f"comment:{one.id}" in cited],
            "decisions": [[one.comment_id, one.line, one.command, one.argument] for one in obeyed(snapshot)],
            "files": [[one.path, one.status, one.added, one.removed] for one in read.files],
            "head": read.head.sha,
            "labels": facts(read.labels),
            "leaks": sorted({leak.fingerprint for leak in open_leaks(snapshot)}),
            "model": policy.judge.model,
            "state": read.state,
            "target": str(snapshot.target),
            "title": read.title_hash,
            "unseen": bool(open_gaps(snapshot) or read.added_cut),
        }
    )


def seen(snapshot: Snapshot, signals: Iterable[Signal]) -> TargetSnapshot:
    """Return the state of the target as a payload records it; `signals` are those of the rules."""
    read = snapshot.inputs
    pull = snapshot.target.kind is Kind.PULL
    return TargetSnapshot(
        body_hash=read.body_hash,
        commit_count=len([one for one in read.commits if not one.dropped]) if pull else None,
        evidence_hash=digest(evidence(snapshot, signals)),
        head_sha=read.head.sha if pull else None,
        labels=tuple(sorted(read.labels)),
        labels_hash=labels_hash(read.labels),
        state=read.state,
        title_hash=read.title_hash,
        updated_at=snapshot.memory.updated_at,
    )
