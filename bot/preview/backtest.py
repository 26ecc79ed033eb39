"""Tries a policy on earlier pull requests: what checks say of their kept snapshots under it and under the one in force.

Nothing is asked of Forgejo or of a model, and nothing is written.
"""

import asyncio
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from bot.history import left
from bot.model import (
    Backtest,
    Check,
    Kind,
    KnownLabels,
    NoAnswer,
    Question,
    Repo,
    Report,
    Shift,
    Snapshot,
    Tools,
    Trial,
)
from bot.observe import Wanted
from bot.plan import assess
from bot.policy import Policy
from bot.store import Store
from bot.store.tables import Repository, SnapshotRow, TargetRow
from bot.text import cut
from bot.workflows import is_workflow

LAST = 20
AS_FAR = " as far as seen"
"""Stands behind what a check says whose sources the bot hadn't looked at, since the check was off then."""

MERGE = "merge/"
"""The family of labels of which one says how a pull request may be merged."""

MAX_TITLE = 80


_Side = tuple[Sequence[Report], frozenset[str]]
"""What is said under one policy, and which checks couldn't see all."""


@dataclass(frozen=True)
class Bench:
    """What both policies are tried with. Between two snapshots it ends after `seconds`.

    `work` bounds what one snapshot may cost: the entries of the new policy's lists, times changed files. Patterns are
    asked of files, and whoever can open a pull request chooses both.
    """

    checks: Sequence[Check]
    labels: KnownLabels
    seconds: float = inf
    work: float = inf


@dataclass(frozen=True)
class Kept:
    """Earlier pull requests, newest first, one snapshot of each; `policy` is the one that decided last."""

    snapshots: tuple[Snapshot, ...] = ()
    policy: Policy | None = None
    unreadable: int = 0


async def kept(store: Store, repository_id: int, last: int = LAST, without: int = 0) -> Kept:
    """Gives the last pull requests of a repository that snapshots are kept of; `without` is one to leave out.

    Of each it is the newest snapshot in which it was open, since most checks say nothing of what is closed; else the
    newest of all.
    """
    numbers = (
        select(SnapshotRow.number)
        .join(
            TargetRow, (TargetRow.repository_id == SnapshotRow.repository_id) & (TargetRow.number == SnapshotRow.number)
        )
        .where(
            SnapshotRow.repository_id == repository_id, TargetRow.kind == Kind.PULL.value, SnapshotRow.number != without
        )
        .group_by(SnapshotRow.number)
        .order_by(SnapshotRow.number.desc())
        .limit(last)
    )
    async with store.read() as session:
        chosen = list((await session.execute(numbers)).scalars())
        query = (
            select(SnapshotRow.number, SnapshotRow.content)
            .where(SnapshotRow.repository_id == repository_id, SnapshotRow.number.in_(chosen))
            .order_by(SnapshotRow.number.desc(), SnapshotRow.taken_at.desc(), SnapshotRow.hash)
        )
        rows = (await session.execute(query)).all()
    of: dict[int, list[bytes]] = {number: [] for number in chosen}
    for number, content in rows:
        of[number].append(content)
    return await asyncio.to_thread(_read, list(of.values()))


async def repositories(store: Store) -> tuple[Repo, ...]:
    """Return the repositories that snapshots are kept of, by name."""
    query = select(Repository.id, Repository.full_name).where(Repository.id.in_(select(SnapshotRow.repository_id)))
    async with store.read() as session:
        rows = await session.execute(query.order_by(Repository.full_name))
        return tuple(Repo(id=number, name=name) for number, name in rows)


def _read(contents: Iterable[Sequence[bytes]]) -> Kept:
    found, unreadable = list[Snapshot](), 0
    last: Snapshot | None = None
    for versions in contents:
        chosen: Snapshot | None = None
        for content in versions:
            one = _snapshot(content)
            if one is None:
                continue
            last = one if last is None or one.taken_at > last.taken_at else last
            chosen = one if chosen is None or one.inputs.state == "open" else chosen
            if one.inputs.state == "open":
                break
        found += [chosen] if chosen else []
        unreadable += chosen is None
    return Kept(tuple(found), last.policy if last else None, unreadable)


def _snapshot(content: bytes) -> Snapshot | None:
    """A snapshot of another version of the program can't be read."""
    try:
        return Snapshot.model_validate_json(zlib.decompress(content))
    except (ValidationError, zlib.error):
        return None


async def run_backtest(found: Kept, old: Policy, new: Policy, bench: Bench) -> Backtest:
    """Gives what becomes of each pull request when `new` decides in place of `old`. Pure, but for the clock."""
    until, entries = time.monotonic() + bench.seconds, _entries(new.model_dump())
    trials, large, late = list[Trial](), 0, 0
    for seen in found.snapshots:
        if time.monotonic() > until:
            late += 1
        elif entries * len(seen.inputs.files) > bench.work:
            large += 1
        else:
            trials.append(await _trial(seen, old, new, bench))
    partly = sum(any(AS_FAR in shift.before + shift.after for shift in trial.shifts) for trial in trials)
    return Backtest(trials=tuple(trials), unreadable=found.unreadable, large=large, late=late, partly=partly)


def unseen(seen: Snapshot, policy: Policy) -> frozenset[str]:
    """Gives the checks that a policy has on and whose sources weren't all looked at when the snapshot was taken."""
    inputs, wanted = seen.inputs, Wanted.by(policy)
    had = Wanted.by(seen.policy) if inputs.state == "open" else Wanted()
    lacking = {
        "contract": wanted.contract and not had.contract,
        "base": wanted.base and not had.references and inputs.base.ref != inputs.default_branch,
        "docs-drift": wanted.docs_drift and not had.docs_drift and bool(left(inputs.files)),
        "workflow-lint": wanted.workflow_lint and not had.workflow_lint and any(map(is_workflow, inputs.files)),
        "soak-evidence": not {soak.name for soak in policy.soaks} <= {one.name for one in inputs.soaks},
        "gates": not {gate.phrase for gate in policy.gates} <= {gate.phrase for gate in seen.policy.gates},
    }
    merging = wanted.merge and (any(lacking.values()) or not (had.references and had.mergeable))
    return frozenset(check for check, so in {**lacking, "merge": merging}.items() if so)


async def _trial(seen: Snapshot, old: Policy, new: Policy, bench: Bench) -> Trial:
    before, after = await _said(seen, old, bench), await _said(seen, new, bench)
    merges, labels = (
        [{name for name in _on(reports) if name.startswith(MERGE) is merging} for reports in (before, after)]
        for merging in (True, False)
    )
    classes = (", ".join(sorted(merges[0])), ", ".join(sorted(merges[1])))
    return Trial(
        number=seen.target.number,
        title=cut(seen.inputs.title, MAX_TITLE),
        state="draft" if seen.inputs.draft and seen.inputs.state == "open" else seen.inputs.state,
        shifts=tuple(_shifts((before, unseen(seen, old)), (after, unseen(seen, new)))),
        labels_on=tuple(sorted(labels[1] - labels[0])),
        labels_off=tuple(sorted(labels[0] - labels[1])),
        merge=classes if merges[0] != merges[1] else None,
    )


async def _said(seen: Snapshot, policy: Policy, bench: Bench) -> tuple[Report, ...]:
    """What people decided stays decided, and a judgment that was made stands."""
    tools = Tools(now=lambda: seen.taken_at, labels=bench.labels, ask=_no_model)
    return (await assess(seen.model_copy(update={"policy": policy}), bench.checks, tools)).reports


async def _no_model(question: Question) -> BaseModel:
    raise NoAnswer(f"model {question.model} isn't asked of what is past")


def _on(reports: Iterable[Report]) -> set[str]:
    return {name for report in reports for name, on in report.labels.items() if on}


def _shifts(before: _Side, after: _Side) -> Iterable[Shift]:
    """A verdict is told with the number of its findings where the verdict alone stays the same."""
    old, new = ({report.check: report for report in reports} for reports, _ in (before, after))
    for check in dict.fromkeys((*old, *new)):
        was, now = old.get(check), new.get(check)
        told = [report.verdict.value if report else "nothing" for report in (was, now)]
        if was and now and was.verdict is now.verdict:
            told = [f"{report.verdict}, {_findings(report)}" for report in (was, now)]
        if told[0] != told[1]:
            limits = [AS_FAR if check in blind else "" for _, blind in (before, after)]
            yield Shift(check=check, before=told[0] + limits[0], after=told[1] + limits[1])


def _findings(report: Report) -> str:
    count = len(report.findings)
    return f"{count} finding{'' if count == 1 else 's'}"


def _entries(value: object) -> int:
    """Counts what stands in lists, at any depth."""
    if isinstance(value, dict):
        return sum(map(_entries, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_entries, value)) + sum(not isinstance(entry, (dict, list, tuple)) for entry in value)
    return 0
