"""Stores the state of targets: rows, sibling verdicts, known heads, snapshots.

Every function works inside a transaction of its caller.
"""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, null, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import CONTEXT, Inputs, Kind, SiblingVerdict, Snapshot, Target, WantedStatus
from bot.store.database.session import upsert
from bot.store.tables import Head, Repository, SnapshotRow, SoakRow, TargetRow, Verdict

KEPT_SNAPSHOTS = 5
MAX_HEADS = 100
MAX_UNSEEN = 200
"""Targets of a repository that wait for their first look because of deliveries."""


def named() -> Select[TargetRow, str]:
    """Return the query for targets with the names of their repositories; those whose name isn't known are left out."""
    return (
        select(TargetRow, Repository.full_name)
        .join(Repository, Repository.id == TargetRow.repository_id)
        .where(Repository.full_name != "")
    )


def target_of(row: TargetRow, repository: str) -> Target:
    """Return the target that a row is about, in the repository as it is called now."""
    return Target(repository=repository, repository_id=row.repository_id, number=row.number, kind=Kind(row.kind))


async def row_of(session: AsyncSession, target: Target) -> TargetRow | None:
    """Return the target's row, if the bot knows it."""
    return await session.get(TargetRow, (target.repository_id, target.number))


async def add_targets(session: AsyncSession, targets: Iterable[Target], *, quiet: bool, priority: int = 0) -> None:
    """Mark targets dirty; `quiet` applies to new ones only. A parked one is due at once."""
    rows = [
        {
            "repository_id": target.repository_id,
            "number": target.number,
            "kind": target.kind.value,
            "quiet": quiet,
            "priority": priority,
            "desired_generation": 1,
            "observed_generation": 0,
            "attempts": 0,
            "last_error": "",
            "state": "open",
            "head_sha": "",
            "base_ref": "",
            "snapshot_hash": "",
        }
        for target in targets
    ]
    parked = TargetRow.parked_at.is_not(None)
    change = {**dirty_values(priority), "not_before": case((parked, null()), else_=TargetRow.not_before)}
    for start in range(0, len(rows), 500):
        await upsert(session, TargetRow, rows[start : start + 500], ("repository_id", "number"), change)


async def within_bounds(session: AsyncSession, targets: Iterable[Target]) -> list[Target]:
    """Return targets that a delivery may mark, each once: the known ones, and `MAX_UNSEEN` new ones of a repository.

    Who has the secret of a repository's webhook can name any number of targets that are not there. Of those that are,
    the next listing tells.
    """
    every = sorted({(one.repository_id, one.number, one.kind): one for one in targets}.items())
    ids, numbers = {key[0] for key, _ in every}, {key[1] for key, _ in every}
    here = select(TargetRow.repository_id, TargetRow.number).where(TargetRow.repository_id.in_(ids))
    known = {
        (one.repository_id, one.number) for one in await session.execute(here.where(TargetRow.number.in_(numbers)))
    }
    fresh = [target for (repository, number, _), target in every if (repository, number) not in known]
    if not fresh:
        return [target for _, target in every]
    unseen = (
        select(TargetRow.repository_id, func.count())
        .where(TargetRow.repository_id.in_(ids), TargetRow.observed_at.is_(None), TargetRow.quiet.is_(False))
        .where(TargetRow.desired_generation > TargetRow.observed_generation)
        .group_by(TargetRow.repository_id)
    )
    counts = {repository: count for repository, count in await session.execute(unseen)}  # noqa: C416 - as in mypy's eyes rows aren't pairs
    left_out = set[Target]()
    for target in fresh:
        counts[target.repository_id] = counts.get(target.repository_id, 0) + 1
        if counts[target.repository_id] > MAX_UNSEEN:
            left_out.add(target)
    return [target for _, target in every if target not in left_out]


async def mark_open(
    session: AsyncSession, repository_id: int, *, base_ref: str = "", pulls: bool = False, priority: int = 0
) -> list[Target]:
    """Mark open targets of a repository dirty: all, its pull requests, or those of them into a branch."""
    query = named().where(TargetRow.state == "open", TargetRow.repository_id == repository_id)
    if base_ref:
        query = query.where(TargetRow.base_ref == base_ref)
    if pulls:
        query = query.where(TargetRow.kind == Kind.PULL.value)
    return await _mark(session, query, priority)


async def mark_heads(session: AsyncSession, repository_id: int, commit: str, priority: int) -> list[Target]:
    """Mark the open targets of a repository that have this head dirty."""
    here = (TargetRow.repository_id == repository_id) & (TargetRow.head_sha == commit)
    return await _mark(session, named().where(TargetRow.state == "open", here), priority)


async def _mark(session: AsyncSession, query: "Select[TargetRow, str]", priority: int) -> list[Target]:
    """Mark what a query finds, as columns and in one statement: there may be very many."""
    columns = (TargetRow.repository_id, TargetRow.number, TargetRow.kind, Repository.full_name)
    found = (await session.execute(query.with_only_columns(*columns))).all()
    here = query.with_only_columns(TargetRow.repository_id, TargetRow.number).subquery()
    await session.execute(
        update(TargetRow)
        .where(tuple_(TargetRow.repository_id, TargetRow.number).in_(select(here)))
        .values(dirty_values(priority))
        .execution_options(synchronize_session=False)
    )
    return [
        Target(repository=name, repository_id=repository, number=number, kind=Kind(kind))
        for repository, number, kind, name in found
    ]


def dirty_values(priority: int) -> dict[str, Any]:
    """Return the changes that make a target dirty; one that waits already keeps its priority if that is better."""
    waits = TargetRow.desired_generation > TargetRow.observed_generation
    return {
        "desired_generation": TargetRow.desired_generation + 1,
        "priority": case((waits & (TargetRow.priority < priority), TargetRow.priority), else_=priority),
    }


async def siblings(session: AsyncSession, target: Target, commit: str) -> tuple[SiblingVerdict, ...]:
    """Return the verdicts on the same commit for other open pull requests."""
    query = (
        select(Verdict)
        .join(TargetRow, (TargetRow.repository_id == Verdict.repository_id) & (TargetRow.number == Verdict.number))
        .where(Verdict.repository_id == target.repository_id, Verdict.commit == commit, Verdict.number != target.number)
        .where(TargetRow.state == "open", TargetRow.head_sha == commit)
        .order_by(Verdict.number)
    )
    return tuple(
        SiblingVerdict(
            check=row.check, number=row.number, state=row.state, description=row.description, target_url=row.target_url
        )
        for row in (await session.execute(query)).scalars()
    )


async def keep_verdicts(session: AsyncSession, snapshot: Snapshot, statuses: Sequence[WantedStatus], url: str) -> None:
    """Store each check's verdict on the head for this target; delete verdicts on its earlier heads."""
    target = snapshot.target
    await session.execute(
        delete(Verdict).where(Verdict.repository_id == target.repository_id, Verdict.number == target.number)
    )
    session.add_all(
        Verdict(
            repository_id=target.repository_id,
            commit=snapshot.inputs.head.sha,
            check=status.context.removeprefix(CONTEXT),
            number=target.number,
            state=status.state,
            description=status.description,
            target_url=url,
            judged_at=snapshot.taken_at,
        )
        for status in statuses
    )


async def sharing_head(session: AsyncSession, target: Target, commit: str) -> list[Target]:
    """Return the other open pull requests with the same head."""
    query = select(TargetRow).where(
        TargetRow.repository_id == target.repository_id,
        TargetRow.head_sha == commit,
        TargetRow.number != target.number,
        TargetRow.state == "open",
    )
    return [target_of(row, target.repository) for row in (await session.execute(query)).scalars()] if commit else []


async def place(session: AsyncSession, target: Target, inputs: Inputs) -> list[Target]:
    """Record a target's state, head and base. Return the other targets that share its previous head."""
    row = await row_of(session, target)
    if row is None:
        return []
    live, head = inputs.state == "open", inputs.head.sha
    left = row.head_sha and (row.head_sha != head or (not live and row.state == "open"))
    wakes = await sharing_head(session, target, row.head_sha) if left else []
    row.state, row.head_sha, row.base_ref = ("open" if live else "closed"), head, inputs.base.ref
    return wakes


async def earlier_heads(session: AsyncSession, target: Target) -> tuple[str, ...]:
    """Return the heads that the pull request had at earlier evaluations, newest first."""
    query = (
        select(Head.sha)
        .where(Head.repository_id == target.repository_id, Head.number == target.number)
        .order_by(Head.seen_at.desc(), Head.sha)
        .limit(MAX_HEADS)
    )
    return tuple((await session.execute(query)).scalars())


async def keep_heads(session: AsyncSession, target: Target, shas: Iterable[str], at: datetime) -> None:
    """Record heads, so that commits dropped by a later force-push stay known; keep as many as are read."""
    rows = [
        {"repository_id": target.repository_id, "number": target.number, "sha": sha, "seen_at": at}
        for sha in sorted(set(shas))
    ]
    await upsert(session, Head, rows, ("repository_id", "number", "sha"), ("sha",))
    mine = (Head.repository_id == target.repository_id) & (Head.number == target.number)
    old = select(Head.sha).where(mine).order_by(Head.seen_at.desc(), Head.sha).offset(MAX_HEADS)
    if unread := list((await session.execute(old)).scalars()):
        await session.execute(delete(Head).where(mine, Head.sha.in_(unread)))


async def expected_head(session: AsyncSession, target: Target) -> str:
    """Return the head that an open pull request probably has; empty for others.

    It is the one that a delivery told of since the last evaluation, else the one that was seen then.
    """
    row = await row_of(session, target)
    if row is None or row.state != "open":
        return ""
    newer = select(Head.sha).where(Head.repository_id == target.repository_id, Head.number == target.number)
    if row.observed_at is not None:
        newer = newer.where(Head.seen_at > row.observed_at)
    return await session.scalar(newer.order_by(Head.seen_at.desc()).limit(1)) or row.head_sha


async def keep_snapshot(session: AsyncSession, snapshot: Snapshot) -> None:
    """Store a snapshot for replay; keep the newest few of each target."""
    target = snapshot.target
    content = zlib.compress(snapshot.model_dump_json().encode(), 6)
    row = {
        "hash": snapshot.hash,
        "repository_id": target.repository_id,
        "number": target.number,
        "taken_at": snapshot.taken_at,
        "content": content,
    }
    await upsert(session, SnapshotRow, [row], ("hash", "repository_id", "number"), ("taken_at", "content"))
    mine = (SnapshotRow.repository_id == target.repository_id) & (SnapshotRow.number == target.number)
    old = select(SnapshotRow.hash).where(mine).order_by(SnapshotRow.taken_at.desc()).offset(KEPT_SNAPSHOTS)
    hashes = list((await session.execute(old)).scalars())
    if hashes:
        await session.execute(delete(SnapshotRow).where(mine, SnapshotRow.hash.in_(hashes)))


async def set_aside(session: AsyncSession, target: Target) -> list[Target]:
    """Leave a target alone that isn't on the server; give those that share its head, whose statuses it had a say in.

    Nothing is removed: a listing or a delivery that names it makes it count again, with all that is known of it.
    """
    row = await row_of(session, target)
    if row is None:
        return []
    wakes = await sharing_head(session, target, row.head_sha)
    row.state, row.observed_generation, row.last_error, row.attempts = "gone", row.desired_generation, "", 0
    row.failures, row.parked_at = 0, None
    if target.kind is Kind.ISSUE:
        here = (SoakRow.repository_id == target.repository_id) & (SoakRow.issue == target.number)
        await session.execute(delete(SoakRow).where(here))
    return wakes


def keep_dirty(row: TargetRow, priority: int) -> None:
    """Have a target evaluated again; one that did not wait does so with this priority."""
    if row.desired_generation <= row.observed_generation:
        row.desired_generation, row.priority = row.observed_generation + 1, priority


async def put_off(session: AsyncSession, target: Target, until: datetime, priority: int) -> None:
    """Record that a target is evaluated later, without a failure of its own; it stays dirty.

    One that did not wait, such as for a daily evaluation, waits with this priority.
    """
    waits = TargetRow.desired_generation > TargetRow.observed_generation
    await session.execute(
        update(TargetRow)
        .where(TargetRow.repository_id == target.repository_id, TargetRow.number == target.number)
        .values(
            not_before=until,
            desired_generation=case((waits, TargetRow.desired_generation), else_=TargetRow.observed_generation + 1),
            priority=case((waits, TargetRow.priority), else_=priority),
        )
    )
