"""Stores decisions of people and judgments of checks, so that no command runs twice and no judgment is repeated.

Every function works inside a transaction of its caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Decision, Judgment, Target
from bot.store.database.session import Store, upsert
from bot.store.tables import DecisionRow, JudgmentRow, Repository

KEPT_JUDGMENTS = 20
"""Judgments kept per check and target: the history that a comment shows."""
TRUST = "trust"
"""The command by which an operator trusts a policy file."""


@dataclass(frozen=True)
class Recalled:
    """The stored decisions and judgments of a target. `served_since` is when the bot came to its repository."""

    served_since: datetime
    decisions: tuple[Decision, ...]
    judgments: tuple[Judgment, ...]


MOST_CONSENTS = 20
"""How many words for one file are read; each may be in a comment that was deleted."""


@dataclass(frozen=True)
class Consent:
    """An operator's word for a policy file: who, when, and in which comment."""

    by: str
    by_id: int
    at: datetime
    comment_id: int


async def recall(store: Store, target: Target, now: datetime) -> Recalled:
    """Return the stored state of a target; for a repository not yet served, `now` is the start time, by the server.

    Forgejo's times are in whole seconds, so the start time is rounded to them.
    """
    async with store.read() as session:
        repository = await session.get(Repository, target.repository_id)
        return Recalled(
            (repository.set_up_at if repository else now).replace(microsecond=0),
            await decisions(session, target),
            await judgments(session, target),
        )


async def decisions(session: AsyncSession, target: Target) -> tuple[Decision, ...]:
    """Return the decisions on the target's command lines, in the order of writing."""
    query = (
        select(DecisionRow)
        .where(DecisionRow.repository_id == target.repository_id, DecisionRow.number == target.number)
        .order_by(DecisionRow.comment_id, DecisionRow.line)
    )
    return tuple(
        Decision(
            comment_id=row.comment_id,
            line=row.line,
            command=row.command,
            argument=row.argument,
            why=row.why,
            by=row.by,
            by_id=row.by_id,
            at=row.at,
            refused=row.refused,
            role=row.role,
            decided=row.decided,
        )
        for row in (await session.execute(query)).scalars()
    )


async def consents_to(
    session: AsyncSession, repository_id: int, digest: str, since: datetime | None
) -> tuple[Consent, ...]:
    """Return who trusted a policy file of a repository by `/trust` since a time, and when; the newest first.

    `digest` names the file's text.
    """
    query = select(DecisionRow.by, DecisionRow.by_id, DecisionRow.at, DecisionRow.comment_id).where(
        DecisionRow.repository_id == repository_id,
        DecisionRow.command == TRUST,
        DecisionRow.argument == digest,
        DecisionRow.refused == "",
        DecisionRow.role == "operator",
    )
    if since is not None:
        query = query.where(DecisionRow.at >= since)
    found = await session.execute(query.order_by(DecisionRow.at.desc()).limit(MOST_CONSENTS))
    return tuple(Consent(row.by, row.by_id, row.at, row.comment_id) for row in found)


async def keep_decisions(session: AsyncSession, target: Target, made: Sequence[Decision]) -> None:
    """Store decisions on command lines; existing ones are not changed."""
    place = {"repository_id": target.repository_id, "number": target.number}
    rows = [{**place, **one.model_dump(), "by_id": one.by_id} for one in made]
    await upsert(session, DecisionRow, rows, ("repository_id", "number", "comment_id", "line"), ("line",))


async def judgments(session: AsyncSession, target: Target) -> tuple[Judgment, ...]:
    """Return the judgments of the target, oldest first."""
    query = (
        select(JudgmentRow)
        .where(JudgmentRow.repository_id == target.repository_id, JudgmentRow.number == target.number)
        .order_by(JudgmentRow.at, JudgmentRow.check)
    )
    rows = (await session.execute(query)).scalars()
    return tuple(Judgment(check=row.check, at=row.at, basis=row.basis, content=row.content) for row in rows)


async def keep_judgments(session: AsyncSession, target: Target, made: Sequence[Judgment]) -> None:
    """Store judgments and keep the newest few of each check; a replacing judgment deletes all others."""
    for one in made:
        row = {
            "repository_id": target.repository_id,
            "number": target.number,
            "check": one.check,
            "at": one.at,
            "basis": one.basis,
            "content": one.content,
        }
        await upsert(session, JudgmentRow, [row], ("repository_id", "number", "check", "at"), ("basis", "content"))
        mine = (
            (JudgmentRow.repository_id == target.repository_id)
            & (JudgmentRow.number == target.number)
            & (JudgmentRow.check == one.check)
        )
        if one.replaces:  # independent of the clock at that time
            await session.execute(delete(JudgmentRow).where(mine, JudgmentRow.at != one.at))
        old = select(JudgmentRow.at).where(mine).order_by(JudgmentRow.at.desc()).offset(KEPT_JUDGMENTS)
        if times := list((await session.execute(old)).scalars()):
            await session.execute(delete(JudgmentRow).where(mine, JudgmentRow.at.in_(times)))
