"""Reads the thread of a tracking issue for one soak: its evidence, and the comments that matter for its state."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from bot.model import EVIDENCE_BEGIN, CommentText, Decision, Evidence, EvidenceRun, Judgment, RunSeen, blocks
from bot.policy import Policy, SoakPolicy, named
from bot.store.soak_observations import Reading

CHECK = "soak-evidence"
COMMAND = "soak"
"""The check that stores the state of soaks, and the command about soaks."""

MAX_COMMENTS = 500
MAX_TEXT = 500_000
"""Maximum number of comments of a tracking issue that are stored for pull requests, and of their characters."""

_COMMAND = re.compile(rf"(?m)^ {{0,3}}/{COMMAND}\b")
Moment = tuple[datetime, int]


@dataclass(frozen=True)
class EvidenceItem:
    """A piece of evidence, its time and author; `counts`: it is unedited and by an account whose evidence counts."""

    evidence: Evidence
    at: Moment
    by: str
    counts: bool


def accounts(policy: Policy, soak: SoakPolicy, writers: Iterable[str]) -> tuple[str, ...]:
    """Return the accounts whose evidence counts."""
    return soak.evidence_from or (*writers, *(policy.operators or ()))


def authors(comments: Iterable[CommentText], name: str) -> tuple[str, ...]:
    """Return the authors of evidence of a soak, each once, in the order of their first evidence."""
    return tuple(dict.fromkeys(one.by for one in evidence_items(comments, name, ()) if one.by))


def evidence_items(comments: Iterable[CommentText], name: str, trusted: Sequence[str]) -> list[EvidenceItem]:
    """Return the evidence of a soak. Evidence that counts comes first, so that other evidence cannot push it out."""
    found = [
        EvidenceItem(
            block.evidence,
            (comment.created_at, comment.id),
            comment.author,
            not comment.edited and named(comment.author, trusted),
        )
        for comment in comments
        if EVIDENCE_BEGIN in comment.body
        for block in blocks(comment.body)
        if block.evidence is not None and block.evidence.soak == name
    ]
    return sorted(found, key=lambda one: (not one.counts, one.at))


def remembered(kept: Mapping[str, Any]) -> list[Evidence]:
    """Return the stored evidence, which may no longer be in the thread."""
    found: list[Evidence] = []
    for one in kept.get("evidence") or ():
        try:
            found.append(Evidence.model_validate(one["evidence"]))
        except (ValidationError, LookupError, TypeError):
            continue
    return found


def runs_of(found: Iterable[Evidence]) -> list[EvidenceRun]:
    """Return the runs that evidence names."""
    return [one.run for one in found if one.run is not None and (one.run.number or one.run.id)]


def kept_of(judgments: Sequence[Judgment], name: str) -> dict[str, Any]:
    """Return the stored data of a soak from the newest judgment of the check."""
    newest = max((one for one in judgments if one.check == CHECK), key=lambda one: one.at, default=None)
    soaks = newest.content.get("soaks") if newest else None
    found = soaks.get(name) if isinstance(soaks, dict) else None
    return found if isinstance(found, dict) else {}


def decisions_of(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions on commands about soaks."""
    return tuple(one for one in decisions if one.command.startswith(COMMAND))


def bearing(
    comments: Sequence[CommentText], soak: SoakPolicy, trusted: Sequence[str]
) -> tuple[tuple[CommentText, ...], bool]:
    """Return the comments that matter for a soak, in their order, and whether one that may count was left out.

    Comments of untrusted accounts are left out first, so that they cannot push out comments that count.
    """
    phrase = soak.gate.casefold() if soak.gate else None
    found = [one for one in comments if _bears(one.body, phrase)]
    room, kept, lost = MAX_TEXT, set[int](), False
    for one in sorted(found, key=lambda one: (not named(one.author, trusted), one.id)):
        if len(kept) < MAX_COMMENTS and len(one.body) <= room:
            room -= len(one.body)
            kept.add(one.id)
        else:
            lost |= named(one.author, trusted)
    return tuple(one for one in found if one.id in kept), lost


def elsewhere(
    mine: Iterable[EvidenceItem],
    runs: Sequence[RunSeen],
    soak: SoakPolicy,
    policy: Policy,
    others: Mapping[str, Reading],
) -> dict[int, str]:
    """Return the runs that evidence of other soaks, tracked on other issues, used before this soak did.

    `runs` are the known runs of this soak: evidence may name a run only by its id.
    """
    first = _first(mine, runs)
    found: dict[int, tuple[Moment, str]] = {}
    for other in policy.soaks:
        reading = others.get(other.name)
        if reading is None or other.issue == soak.issue or reading.issue != other.issue:
            continue
        trusted = accounts(policy, other, reading.seen.writers)
        theirs = _first(evidence_items(reading.seen.comments, other.name, trusted), reading.seen.runs)
        for run, at in theirs.items():
            if run in first and at < first[run]:
                found[run] = min(found.get(run, (at, other.name)), (at, other.name))
    return {run: name for run, (_, name) in sorted(found.items())}


def shared_runs(one: Reading, other: Reading) -> bool:
    """Return whether evidence of two soaks names the same run."""
    mine, theirs = ({run.number for run in it.seen.runs if run.number} for it in (one, other))
    return not mine.isdisjoint(theirs)


def _first(found: Iterable[EvidenceItem], runs: Sequence[RunSeen]) -> dict[int, Moment]:
    """Return by run number when each run was first named for a smoke that counts."""
    numbers = {run.id: run.number for run in runs if run.id}
    first: dict[int, Moment] = {}
    for one in sorted(found, key=lambda one: one.at):
        named_run = one.evidence.run
        if one.counts and one.evidence.kind == "smoke" and named_run is not None:
            number = named_run.number or numbers.get(named_run.id, 0)
            if number:
                first.setdefault(number, one.at)
    return first


def _bears(body: str, phrase: str | None) -> bool:
    return (
        EVIDENCE_BEGIN in body
        or _COMMAND.search(body) is not None
        or (phrase is not None and phrase in body.casefold())
    )
