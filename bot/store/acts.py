"""What a pull request was when people reviewed it or commented on it, by the signed deliveries of these acts.

Forgejo keeps a review over pushes, retargets and a rewritten base branch; what it approved is known only from the
moment when it came. A delivery of a review has no number of it, so the two are matched once, in their order, and kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import ChangeState, Target
from bot.store.database.session import Store, upsert
from bot.store.deliveries import believed
from bot.store.tables import ActRow, Delivery

PATIENCE = timedelta(minutes=5)
"""Time in which the delivery of a review may come. Later it is taken for lost, and the review names no state."""
SKEW = timedelta(minutes=1)
"""By how much the server's clock may be ahead: a delivery from long before a review is of another one."""
REVIEW, COMMENT = "review", "comment"
SLICE = 500


@dataclass(frozen=True)
class Submitted:
    """A review that decides something (`approved` or `changes`), as the API lists it."""

    id: int
    account_id: int
    state: str
    commit: str
    at: datetime


@dataclass(frozen=True)
class Acts:
    """Matches acts with deliveries and keeps what each of them named."""

    store: Store

    async def reviews(self, target: Target, given: Sequence[Submitted], now: datetime) -> dict[int, ChangeState]:
        """Return what each review named, by its number; a review is missing where no delivery tells.

        The number of an account's new reviews and of its new deliveries must be the same, or nobody knows which belong
        together. A review whose delivery doesn't come in time names nothing, whatever comes later.
        """
        if not given:
            return {}
        async with self.store.read() as session:
            known = await _kept(session, target, REVIEW, [one.id for one in given])
            fresh = [one for one in given if one.id not in known]
            came = await _deliveries(session, target) if fresh else []
        made = [row for mine in _by_account(fresh) for row in _matched(target, mine, came, now)]
        await self._keep(made)
        return _states([*known.values(), *made])

    async def comments(self, target: Target, ids: Sequence[tuple[int, int]], now: datetime) -> dict[int, ChangeState]:
        """Return what comments named, by their number. `ids` are the numbers of comments and of their authors.

        The oldest delivery counts that says that the author wrote it.
        """
        if not ids:
            return {}
        authors = dict(ids)
        async with self.store.read() as session:
            known = await _kept(session, target, COMMENT, [*authors])
            fresh = [number for number in authors if number not in known]
            query = select(Delivery).where(
                Delivery.repository_id == target.repository_id,
                Delivery.comment_id.in_(fresh),
                Delivery.action == "created",
                Delivery.number == target.number,
                Delivery.sender_id == Delivery.comment_author_id,
                Delivery.witness,
                believed(),
            )
            found = list((await session.execute(query.order_by(Delivery.received_at.desc()))).scalars())
            first: dict[int, Delivery] = {
                row.comment_id or 0: row for row in found if row.sender_id == authors[row.comment_id or 0]
            }
        made = [_row(target, COMMENT, number, authors[number], row, now) for number, row in sorted(first.items())]
        await self._keep(made)
        return _states([*known.values(), *made])

    async def _keep(self, made: Sequence[ActRow]) -> None:
        if not made:
            return
        columns = [column.name for column in ActRow.__table__.columns]
        rows = [{name: getattr(row, name) for name in columns} for row in made]
        async with self.store.session() as session:
            await upsert(session, ActRow, rows, ("repository_id", "kind", "id"), ("repository_id",))


async def _kept(session: AsyncSession, target: Target, kind: str, ids: Sequence[int]) -> dict[int, ActRow]:
    found: dict[int, ActRow] = {}
    for start in range(0, len(ids), SLICE):
        query = select(ActRow).where(
            ActRow.repository_id == target.repository_id,
            ActRow.kind == kind,
            ActRow.id.in_(ids[start : start + SLICE]),
            ActRow.number == target.number,
        )
        found |= {row.id: row for row in (await session.execute(query)).scalars()}
    return found


async def _deliveries(session: AsyncSession, target: Target) -> list[Delivery]:
    """Return the deliveries of decisions that belong to no review yet, oldest first.

    The same body may come several times, from two webhooks or replayed by an administrator: the first one counts.
    """
    taken = select(ActRow.delivery).where(
        ActRow.repository_id == target.repository_id, ActRow.number == target.number, ActRow.kind == REVIEW
    )
    query = select(Delivery).where(
        Delivery.repository_id == target.repository_id,
        Delivery.number == target.number,
        Delivery.review != "",
        believed(),
    )
    used = set((await session.execute(taken)).scalars())
    first: dict[str, Delivery] = {}
    for row in (await session.execute(query.order_by(Delivery.received_at, Delivery.id))).scalars():
        first.setdefault(row.body_hash, row)
        if row.id in used:
            first[row.body_hash] = row
    return [row for row in first.values() if row.id not in used]


def _by_account(given: Iterable[Submitted]) -> Iterator[list[Submitted]]:
    ordered = sorted(given, key=lambda one: (one.account_id, one.id))
    return (list(mine) for _, mine in groupby(ordered, key=lambda one: one.account_id))


def _matched(target: Target, mine: Sequence[Submitted], came: Sequence[Delivery], now: datetime) -> Iterator[ActRow]:
    """The rows of one account's new reviews: with their deliveries, or without, or none as long as they may come."""
    earliest = min(one.at for one in mine) - SKEW
    free = [row for row in came if row.sender_id == mine[0].account_id and row.received_at >= earliest]
    fits = [row.review == one.state for one, row in zip(mine, free, strict=False)]
    if mine[0].account_id > 0 and len(free) == len(mine) and all(fits):
        for one, row in zip(mine, free, strict=True):
            made = _row(target, REVIEW, one.id, one.account_id, row, now)
            if made.head != one.commit:  # by API a review may name a commit that isn't the head
                made.head = ""
            yield made
    elif now - max(one.at for one in mine) > PATIENCE:
        for one in mine:
            yield _row(target, REVIEW, one.id, one.account_id, None, now)


def _row(target: Target, kind: str, number: int, account: int, came: Delivery | None, now: datetime) -> ActRow:  # noqa: PLR0913, PLR0917 - the columns
    return ActRow(
        repository_id=target.repository_id,
        kind=kind,
        id=number,
        number=target.number,
        account_id=account,
        head=came.after if came else "",
        base_ref=came.base_ref if came else "",
        merge_base=came.merge_base if came else "",
        delivery=came.id if came else "",
        seen_at=now,
    )


def _states(rows: Iterable[ActRow]) -> dict[int, ChangeState]:
    return {
        row.id: ChangeState(head=row.head, base=row.base_ref, merge_base=row.merge_base)
        for row in rows
        if row.head and row.base_ref and row.merge_base
    }
