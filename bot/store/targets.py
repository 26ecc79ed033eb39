"""Stores the state of targets: rows, sibling verdicts, known heads, snapshots.

Every function works inside a transaction of its caller.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Inputs, Kind, SiblingVerdict, Snapshot, Target, WantedStatus
from bot.store.database.session import upsert
from bot.store.tables import Delivery, Head, Holding, Repository, SnapshotRow, SoakRow, TargetRow, Verdict

KEPT_SNAPSHOTS = 5
MAX_HEADS = 100


def target_of(row: TargetRow) -> Target:
    """Return the target of a row."""
    return Target(repository=row.repository, number=row.number, kind=Kind(row.kind))


async def row_of(session: AsyncSession, target: Target) -> TargetRow | None:
    """Return the target's row, None if the bot does not know it."""
    return await session.get(TargetRow, (target.repository, target.number))


async def dirty(session: AsyncSession, now: datetime, limit: int = 10_000) -> list[TargetRow]:
    """Return the dirty targets that are due, highest priority first."""
    query = (
        select(TargetRow)
        .where(TargetRow.desired_generation > TargetRow.observed_generation)
        .where((TargetRow.not_before.is_(None)) | (TargetRow.not_before <= now))
        .order_by(TargetRow.priority, TargetRow.repository, TargetRow.number)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def add_targets(session: AsyncSession, targets: Iterable[Target], *, quiet: bool, priority: int = 0) -> None:
    """Mark targets dirty; `quiet` applies to new ones only."""
    rows = [
        {
            "repository": target.repository,
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
    change = {"desired_generation": TargetRow.desired_generation + 1, "priority": priority}
    for start in range(0, len(rows), 500):
        await upsert(session, TargetRow, rows[start : start + 500], ("repository", "number"), change)


async def wake(session: AsyncSession, targets: Iterable[Target]) -> None:
    """End the silence of targets that are older than the bot, because of a new event."""
    for target in targets:
        row = await row_of(session, target)
        if row is not None:
            row.quiet = False


async def updated(session: AsyncSession, found: Mapping[Target, datetime]) -> None:
    """Record the targets' update times from Forgejo."""
    for target, at in found.items():
        row = await row_of(session, target)
        if row is not None:
            row.updated_at = at


async def mark_open(
    session: AsyncSession, *, repository: str = "", base_ref: str = "", pulls: bool = False, priority: int = 0
) -> list[Target]:
    """Mark open targets dirty: all, those of a repository, its pull requests, or those with one base branch."""
    query = select(TargetRow).where(TargetRow.state == "open")
    if repository:
        query = query.where(TargetRow.repository == repository)
    if base_ref:
        query = query.where(TargetRow.base_ref == base_ref)
    if pulls:
        query = query.where(TargetRow.kind == Kind.PULL.value)
    rows = (await session.execute(query)).scalars().all()
    for row in rows:
        row.desired_generation += 1
        row.priority = max(row.priority, priority)
    return [target_of(row) for row in rows]


async def siblings(session: AsyncSession, target: Target, commit: str) -> tuple[SiblingVerdict, ...]:
    """Return the verdicts on the same commit for other open pull requests."""
    query = (
        select(Verdict)
        .join(TargetRow, (TargetRow.repository == Verdict.repository) & (TargetRow.number == Verdict.number))
        .where(Verdict.repository == target.repository, Verdict.commit == commit, Verdict.number != target.number)
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
        delete(Verdict).where(Verdict.repository == target.repository, Verdict.number == target.number)
    )
    session.add_all(
        Verdict(
            repository=target.repository,
            commit=snapshot.inputs.head.sha,
            check=status.context.removeprefix("assay/"),
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
        TargetRow.repository == target.repository,
        TargetRow.head_sha == commit,
        TargetRow.number != target.number,
        TargetRow.state == "open",
    )
    return [target_of(row) for row in (await session.execute(query)).scalars()] if commit else []


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
        .where(Head.repository == target.repository, Head.number == target.number)
        .order_by(Head.seen_at.desc(), Head.sha)
        .limit(MAX_HEADS)
    )
    return tuple((await session.execute(query)).scalars())


async def keep_heads(session: AsyncSession, target: Target, shas: Iterable[str], at: datetime) -> None:
    """Record heads, so that commits dropped by a later force-push stay known."""
    rows = [
        {"repository": target.repository, "number": target.number, "sha": sha, "seen_at": at}
        for sha in sorted(set(shas))
    ]
    await upsert(session, Head, rows, ("repository", "number", "sha"), ("sha",))


async def keep_snapshot(session: AsyncSession, snapshot: Snapshot) -> None:
    """Store a snapshot for replay; keep the newest few of each target."""
    target = snapshot.target
    content = zlib.compress(snapshot.model_dump_json().encode(), 6)
    row = {
        "hash": snapshot.hash,
        "repository": target.repository,
        "number": target.number,
        "taken_at": snapshot.taken_at,
        "content": content,
    }
    await upsert(session, SnapshotRow, [row], ("hash", "repository", "number"), ("taken_at", "content"))
    mine = (SnapshotRow.repository == target.repository) & (SnapshotRow.number == target.number)
    old = select(SnapshotRow.hash).where(mine).order_by(SnapshotRow.taken_at.desc()).offset(KEPT_SNAPSHOTS)
    hashes = list((await session.execute(old)).scalars())
    if hashes:
        await session.execute(delete(SnapshotRow).where(mine, SnapshotRow.hash.in_(hashes)))


async def witnesses(session: AsyncSession, repository: str, ids: Sequence[int]) -> dict[int, set[tuple[str, str]]]:
    """Return for each comment the (author, HMAC) pairs of `created` deliveries that its author sent."""
    found: dict[int, set[tuple[str, str]]] = {}
    for start in range(0, len(ids), 500):
        query = select(Delivery.comment_id, Delivery.comment_author, Delivery.comment_hmac).where(
            Delivery.repository == repository,
            Delivery.comment_id.in_(ids[start : start + 500]),
            Delivery.action == "created",
            Delivery.sender == Delivery.comment_author,
        )
        for comment, author, mac in await session.execute(query):
            found.setdefault(comment or 0, set()).add((author, mac))
    return found


async def serve(session: AsyncSession, repository: str, at: datetime) -> None:
    """Record that the bot serves a repository from now on, unless it already does."""
    row = {"full_name": repository, "set_up_at": at, "default_branch": ""}
    await upsert(session, Repository, [row], ("full_name",), ("full_name",))


async def forget(session: AsyncSession, target: Target) -> None:
    """Delete the state of a target that no longer exists on the server.

    Its ledger entries, decisions and judgments stay, in case it appears again.
    """
    for table in (TargetRow, Head, Verdict, Holding):
        await session.execute(delete(table).where(table.repository == target.repository, table.number == target.number))
    if target.kind is Kind.ISSUE:
        await session.execute(
            delete(SoakRow).where(SoakRow.repository == target.repository, SoakRow.issue == target.number)
        )


async def backlog(session: AsyncSession) -> int:
    """Return the number of dirty targets."""
    query = select(func.count()).select_from(TargetRow)
    return (
        await session.execute(query.where(TargetRow.desired_generation > TargetRow.observed_generation))
    ).scalar_one()


async def postpone(session: AsyncSession, target: Target, error: str, until: datetime) -> None:
    """Record a failed evaluation and when the next one is due."""
    await session.execute(
        update(TargetRow)
        .where(TargetRow.repository == target.repository, TargetRow.number == target.number)
        .values(attempts=TargetRow.attempts + 1, last_error=error[:500], not_before=until)
    )
