"""Which repositories the bot serves: by the server's id, with the name that each has now.

Every function but `forget` works inside a transaction of its caller.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Repo, Target
from bot.store import witnesses
from bot.store.database.session import Store, upsert
from bot.store.housekeeping import Deleting, in_steps, key_of
from bot.store.ledger import Entry, append
from bot.store.tables import (
    ActRow,
    DecisionRow,
    Delivery,
    Head,
    Holding,
    JudgmentRow,
    LedgerEntry,
    Repository,
    SnapshotRow,
    SoakRow,
    TargetRow,
    TrustedPolicy,
    Verdict,
    Witness,
)

FIRST_WAIT = timedelta(minutes=1)
LAST_WAIT = timedelta(hours=6)
FORGETTING = "assay repositories forget has not finished; run it again"
_OF_TARGETS = (
    TargetRow,
    Head,
    Verdict,
    Holding,
    DecisionRow,
    JudgmentRow,
    SoakRow,
    SnapshotRow,
    TrustedPolicy,
    ActRow,
)
_KEPT = (*_OF_TARGETS, Witness)


@dataclass(frozen=True)
class Changed:
    """What became known of a repository: its earlier name, and who had its name before."""

    before: str = ""
    lost: int = 0

    def __bool__(self) -> bool:
        return bool(self.before or self.lost)


async def serve(session: AsyncSession, repo: Repo, at: datetime, there: datetime | None = None) -> Changed:
    """Record that the bot came to a repository, or what one that it knows is called now.

    `there` is the present by the server's clock, if it is known: what is older than the bot is told by that one.

    Whoever had the name before has lost it: its new one is asked for by its id. Nothing of it is inherited. A
    repository of an older database, which knew names alone, gets its id here.
    """
    row = await session.get(Repository, repo.id)
    if row is not None and row.full_name == repo.name:
        return Changed()
    holder = (
        await session.execute(select(Repository).where(Repository.full_name == repo.name, Repository.id != repo.id))
    ).scalar()
    if row is None and holder is not None and holder.id < 0:
        await _identify(session, holder.id, repo.id)
        return Changed()
    if holder is not None:
        holder.full_name = ""
        await session.flush()
        await append(session, [_entry(Repo(id=holder.id, name=repo.name), "name-lost", {"to": repo.id})], at)
    if row is None:
        await upsert(session, Repository, [_new(repo, there or at)], ("id",), ("full_name",))
        return Changed(lost=holder.id if holder else 0)
    before, row.full_name = row.full_name, repo.name
    await append(session, [_entry(repo, "renamed", {"from": before})], at)
    return Changed(before=before, lost=holder.id if holder else 0)


async def known(session: AsyncSession) -> list[Repository]:
    """Return all repositories that the bot serves, by name."""
    return list((await session.execute(select(Repository).order_by(Repository.full_name, Repository.id))).scalars())


async def names(session: AsyncSession, ids: Collection[int]) -> dict[int, str]:
    """Return the names of those repositories that the bot serves, by id; empty where the name is not known."""
    query = select(Repository.id, Repository.full_name).where(Repository.id.in_(ids))
    return {number: name for number, name in await session.execute(query)}  # noqa: C416 - rows aren't pairs to mypy


async def called_now(session: AsyncSession, target: Target) -> Target:
    """Return a target under its repository's present name: it may have waited under an earlier one."""
    name = (await names(session, [target.repository_id])).get(target.repository_id)
    return target.model_copy(update={"repository": name}) if name else target


async def unnumbered(session: AsyncSession) -> set[str]:
    """Return the names of the repositories of an older database whose ids are not known yet."""
    return set((await session.execute(select(Repository.full_name).where(Repository.id < 0))).scalars())


async def expect(session: AsyncSession, repository_id: int, there: datetime) -> None:
    """Record that the bot came to a repository whose name is not known yet: it is asked for by its id.

    `there` is the present by the server's clock.
    """
    await upsert(session, Repository, [_new(Repo(id=repository_id, name=""), there)], ("id",), ("id",))


async def has_own_secret(session: AsyncSession, ids: Collection[int], at: datetime) -> None:
    """Record that the webhooks of repositories have secrets of their own from now on."""
    mine = Repository.id.in_(ids) & Repository.own_secret_since.is_(None)
    await session.execute(update(Repository).where(mine).values(own_secret_since=at))


async def shares_secret(session: AsyncSession, repository_id: int) -> None:
    """Record that a repository's webhook has the secret that all share."""
    await session.execute(update(Repository).where(Repository.id == repository_id).values(own_secret_since=None))


async def called(session: AsyncSession, name: str) -> Repo | None:
    """Return the repository that has a name now, as far as the bot knows."""
    row = (await session.execute(select(Repository).where(Repository.full_name == name))).scalar()
    return repo_of(row) if row is not None else None


def repo_of(row: Repository) -> Repo:
    """Return a repository as a value."""
    return Repo(id=row.id, name=row.full_name)


async def unseen(session: AsyncSession, repository_id: int, why: str, now: datetime) -> datetime | None:
    """Record that a repository can't be read now, which proves nothing; return when it is asked for again."""
    row = await session.get(Repository, repository_id)
    if row is None:
        return None
    row.unseen_since = row.unseen_since or now
    row.unseen_why = why[:255]
    row.ask_again_at = now + min(max(now - row.unseen_since, FIRST_WAIT), LAST_WAIT)
    return row.ask_again_at


async def seen(session: AsyncSession, repository_id: int) -> bool:
    """Record that a repository can be read; return whether it couldn't before."""
    row = await session.get(Repository, repository_id)
    if row is None or row.unseen_since is None:
        return False
    row.unseen_since, row.unseen_why, row.ask_again_at = None, "", None
    return True


async def hears_runs(session: AsyncSession, repository_id: int) -> bool:
    """Return whether deliveries tell of the end of runs of a repository."""
    row = await session.get(Repository, repository_id)
    return row is not None and row.hears_runs


async def heard_run(session: AsyncSession, repository_id: int) -> None:
    """Record that a delivery has told of the end of a run."""
    row = await session.get(Repository, repository_id)
    if row is not None and not row.hears_runs:
        row.hears_runs = True


async def forget(store: Store, repo: Repo, actor: str, at: datetime) -> int:
    """Remove all that is known of a repository but its ledger; return how many targets that were.

    It is many short transactions: until the last one the repository is listed as one that can't be seen, and a second
    call removes what a process that was killed left.
    """
    async with store.session() as session:
        await unseen(session, repo.id, FORGETTING, at)
    count = 0
    for table in _KEPT:
        removed = await in_steps(store, Deleting(table, select(*key_of(table)).where(table.repository_id == repo.id)))
        count += removed if table is TargetRow else 0
    async with store.session() as session:
        for table in _KEPT:  # what a running server added meanwhile
            await session.execute(delete(table).where(table.repository_id == repo.id))
        await session.execute(delete(Repository).where(Repository.id == repo.id))
        await append(session, [_entry(repo, "forgotten", {"targets": count}, actor)], at)
    return count


async def open_targets(session: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Return how many open targets each of some repositories has."""
    query = (
        select(TargetRow.repository_id, func.count())
        .where(TargetRow.repository_id.in_(ids), TargetRow.state == "open")
        .group_by(TargetRow.repository_id)
    )
    return {number: count for number, count in await session.execute(query)}  # noqa: C416 - rows aren't pairs to mypy


async def _identify(session: AsyncSession, old: int, new: int) -> None:
    """Give a repository of an older database its id, in every table."""
    await session.execute(update(Repository).where(Repository.id == old).values(id=new))
    for table in (*_OF_TARGETS, Delivery, LedgerEntry):
        await session.execute(update(table).where(table.repository_id == old).values(repository_id=new))
    await witnesses.identify(session, old, new)
    session.expire_all()


def _new(repo: Repo, since: datetime) -> dict[str, object]:
    return {"id": repo.id, "full_name": repo.name, "set_up_at": since, "default_branch": "", "unseen_why": ""}


def _entry(repo: Repo, what: str, detail: dict[str, object], actor: str = "") -> Entry:
    return Entry("repository", repo.name, 0, actor, object=what, detail=detail, repository_id=repo.id)
