"""Backtests a policy: runs the checks on stored snapshots of earlier pull requests, with it and with the current one.

It calls neither Forgejo nor a model, and writes nothing.
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
PARTIAL = " (partial data)"
"""Follows the result of a check that was off when the snapshot was taken, so that some of its data is missing."""

MERGE = "merge/"
"""The prefix of the labels for merge classes."""

MAX_TITLE = 80


_Side = tuple[Sequence[Report], frozenset[str]]
"""The reports under one policy, and the checks with partial data."""


@dataclass(frozen=True)
class Bench:
    """The checks and limits of a backtest. No new snapshot is started after `seconds`.

    `work` limits the cost of one snapshot: the number of list entries in the new policy times the number of changed
    files. Patterns are matched against files, and anybody who can open a pull request controls both.
    """

    checks: Sequence[Check]
    labels: KnownLabels
    seconds: float = inf
    work: float = inf


@dataclass(frozen=True)
class Kept:
    """Earlier pull requests, newest first, one snapshot of each; `policy` is the one of the newest snapshot."""

    snapshots: tuple[Snapshot, ...] = ()
    policy: Policy | None = None
    unreadable: int = 0


async def kept(store: Store, repository_id: int, last: int = LAST, without: int = 0) -> Kept:
    """Gives snapshots of a repository's last pull requests; `without` is the number of one to exclude.

    For each pull request it is the newest snapshot in open state, because most checks skip closed ones; if there is
    none, the newest of all.
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
    """Return the repositories that have stored snapshots, by name."""
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
    """The snapshot, or None if another version of the bot stored it in another form."""
    try:
        return Snapshot.model_validate_json(zlib.decompress(content))
    except (ValidationError, zlib.error):
        return None


async def run_backtest(found: Kept, old: Policy, new: Policy, bench: Bench) -> Backtest:
    """Gives the differences on each pull request between the policies `old` and `new`. Pure, except for the clock."""
    until, entries = time.monotonic() + bench.seconds, _entries(new.model_dump())
    trials, large, late = list[Trial](), 0, 0
    for seen in found.snapshots:
        if time.monotonic() > until:
            late += 1
        elif entries * len(seen.inputs.files) > bench.work:
            large += 1
        else:
            trials.append(await _trial(seen, old, new, bench))
    partly = sum(any(PARTIAL in shift.before + shift.after for shift in trial.shifts) for trial in trials)
    return Backtest(trials=tuple(trials), unreadable=found.unreadable, large=large, late=late, partly=partly)


def unseen(seen: Snapshot, policy: Policy) -> frozenset[str]:
    """Gives the checks that are on in a policy but whose data in the snapshot is incomplete."""
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
    before, after = await _reports(seen, old, bench), await _reports(seen, new, bench)
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


async def _reports(seen: Snapshot, policy: Policy, bench: Bench) -> tuple[Report, ...]:
    """The reports under a policy. Decisions by people and earlier judgments in the snapshot stay in effect."""
    tools = Tools(now=lambda: seen.taken_at, labels=bench.labels, ask=_no_model)
    return (await assess(seen.model_copy(update={"policy": policy}), bench.checks, tools)).reports


async def _no_model(question: Question) -> BaseModel:
    raise NoAnswer(f"model {question.model} is not called in a backtest")


def _on(reports: Iterable[Report]) -> set[str]:
    return {name for report in reports for name, on in report.labels.items() if on}


def _shifts(before: _Side, after: _Side) -> Iterable[Shift]:
    """The checks with different results. If the verdicts are equal, the numbers of findings are compared."""
    old, new = ({report.check: report for report in reports} for reports, _ in (before, after))
    for check in dict.fromkeys((*old, *new)):
        was, now = old.get(check), new.get(check)
        results = [report.verdict.value if report else "not run" for report in (was, now)]
        if was and now and was.verdict is now.verdict:
            results = [f"{report.verdict}, {_findings(report)}" for report in (was, now)]
        if results[0] != results[1]:
            limits = [PARTIAL if check in blind else "" for _, blind in (before, after)]
            yield Shift(check=check, before=results[0] + limits[0], after=results[1] + limits[1])


def _findings(report: Report) -> str:
    count = len(report.findings)
    return f"{count} finding{'' if count == 1 else 's'}"


def _entries(value: object) -> int:
    """Counts the entries of lists, at any depth."""
    if isinstance(value, dict):
        return sum(map(_entries, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_entries, value)) + sum(not isinstance(entry, (dict, list, tuple)) for entry in value)
    return 0
