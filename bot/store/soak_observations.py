"""Stores the last observation of each soak, so that pull requests are checked without a request to Forgejo.

Every function works inside a transaction of its caller.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from pydantic import ValidationError
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Kind, Repo, SoakSeen, Target, canonical, digest
from bot.policy import Policy, SoakPolicy
from bot.store import targets
from bot.store.database.session import upsert
from bot.store.tables import SoakRow

UNHURRIED = 3
"""The priority of targets that are evaluated again because another target changed."""
MAX_CONTENT = 16_000_000
"""Maximum bytes of one observation; a larger one was not written by this program."""


@dataclass(frozen=True)
class Reading:
    """An observation of a soak on its tracking issue; `basis` identifies the part of the policy it depends on."""

    issue: int
    branch: str
    basis: str
    seen: SoakSeen

    @property
    def name(self) -> str:
        """The soak's name."""
        return self.seen.name

    @cached_property
    def hash(self) -> str:
        """Return a hash of the whole observation."""
        return digest(canonical([self.issue, self.branch, self.basis, self.seen.model_dump(mode="json")]))


def basis(policy: Policy, soak: SoakPolicy) -> str:
    """Return a hash of the part of a soak's policy that an observation depends on."""
    writers = () if soak.evidence_from else policy.writers
    about = [soak.issue, soak.prerequisites, soak.report, soak.gate, soak.gate_on, soak.evidence_from, writers]
    return digest(canonical([[*part] if isinstance(part, tuple) else part for part in about]))


async def readings(session: AsyncSession, repository_id: int, names: Sequence[str] = ()) -> dict[str, Reading]:
    """Return the observations of a repository by soak name, optionally only some; unreadable ones are left out."""
    query = select(SoakRow).where(SoakRow.repository_id == repository_id).order_by(SoakRow.name)
    if names:
        query = query.where(SoakRow.name.in_(names))
    found = (_reading(row) for row in (await session.execute(query)).scalars())
    return {one.name: one for one in found if one is not None}


async def keep(session: AsyncSession, repository_id: int, found: Iterable[Reading], at: datetime) -> None:
    """Store observations; each replaces the earlier one of its soak."""
    rows = [
        {
            "repository_id": repository_id,
            "name": one.name,
            "issue": one.issue,
            "branch": one.branch,
            "basis": one.basis,
            "hash": one.hash,
            "seen_at": at,
            "content": zlib.compress(one.seen.model_dump_json().encode(), 6),
        }
        for one in found
    ]
    await upsert(
        session, SoakRow, rows, ("repository_id", "name"), ("issue", "branch", "basis", "hash", "seen_at", "content")
    )


async def drop(session: AsyncSession, repository_id: int, issue: int, kept: Sequence[str] = ()) -> None:
    """Delete the soaks that an issue no longer tracks."""
    here = (SoakRow.repository_id == repository_id) & (SoakRow.issue == issue)
    await session.execute(delete(SoakRow).where(here, SoakRow.name.not_in(kept)))


async def tracked(session: AsyncSession, repository_id: int, *, branch: str = "", issue: int = 0) -> dict[str, int]:
    """Return the tracking issues by soak name: all, those of a default branch, or one."""
    query = select(SoakRow.name, SoakRow.issue).where(SoakRow.repository_id == repository_id).order_by(SoakRow.name)
    if branch:
        query = query.where(SoakRow.branch == branch)
    if issue:
        query = query.where(SoakRow.issue == issue)
    return {name: number for name, number in await session.execute(query)}  # noqa: C416 - rows aren't pairs to mypy


def _reading(row: SoakRow) -> Reading | None:
    """Return the observation, None if it has the format of another version."""
    try:
        text = zlib.decompressobj().decompress(row.content, MAX_CONTENT)
        return Reading(row.issue, row.branch, row.basis, SoakSeen.model_validate_json(text))
    except (zlib.error, ValidationError):
        return None


async def mark_tracked(
    session: AsyncSession, repo: Repo, *, branch: str = "", numbers: Iterable[int] = ()
) -> list[Target]:
    """Mark tracking issues of a repository dirty: those of a default branch, or those with given numbers."""
    wanted = set(numbers)
    if branch:
        wanted |= {*(await tracked(session, repo.id, branch=branch)).values()}
    issues = [repo.target(number, Kind.ISSUE) for number in sorted(wanted)]
    rows = [await targets.row_of(session, target) for target in issues]
    # A policy may name a pull request by mistake: requested as an issue, it would count as deleted.
    found = [target for target, row in zip(issues, rows, strict=True) if row is None or row.kind == target.kind.value]
    await targets.add_targets(session, found, quiet=False, priority=UNHURRIED)
    return found
