"""What was first seen of each comment: its author, and an HMAC of its text. It stays as long as the repository.

The first text is the only one that a delivery can bear witness to. A second delivery that tells the same comment as
new, with another text or by another author, marks it as changed. So does a delivery whose text is not the one that the
API showed first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, exists, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.model import Envelope
from bot.store.database.session import upsert
from bot.store.tables import Witness

SLICE = 500
"""Maximum number of ids in one statement."""
COLUMNS = ("repository_id", "comment_id", "author_id", "author", "hmac", "witnessed", "changed", "seen_at")
_SAME = "witnesses.hmac = excluded.hmac AND witnesses.author_id IN (0, excluded.author_id)"
_KEY = ("repository_id", "comment_id")
_COMPARED = {
    "witnessed": f"witnesses.witnessed OR (excluded.witnessed AND {_SAME})",
    "changed": f"witnesses.changed OR (excluded.witnessed AND NOT ({_SAME}))",
}


class Seen(NamedTuple):
    """What was first seen of a comment."""

    author_id: int
    author: str
    hmac: str
    witnessed: bool
    changed: bool

    def is_by(self, author_id: int, login: str) -> bool:
        """Say whether an account wrote it; by its login where the id is not known."""
        return self.author_id == author_id if self.author_id else self.author == login


class Sight(NamedTuple):
    """A comment as the API shows it."""

    comment_id: int
    author_id: int
    author: str
    hmac: str


def insertion(placeholders: Sequence[str]) -> str:
    """Return the statement that adds a row of `COLUMNS`, or compares it with the one that is there, for a driver."""
    change = ", ".join(f"{name} = {value}" for name, value in _COMPARED.items())
    return (
        f"INSERT INTO witnesses ({', '.join(COLUMNS)}) VALUES ({', '.join(placeholders)}) "  # noqa: S608 - own names
        f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {change}"
    )


def row_of(envelope: Envelope) -> tuple[int, int, int, str, str, bool, bool, datetime]:
    """Return the row that a delivery of a new comment bears witness to."""
    return (
        envelope.repository_id,
        envelope.comment_id or 0,
        envelope.comment_author_id,
        envelope.comment_author,
        envelope.comment_hmac,
        True,
        False,
        envelope.received_at,
    )


async def bear(session: AsyncSession, envelopes: Iterable[Envelope]) -> None:
    """Keep what deliveries of new comments bear witness to."""
    rows = [dict(zip(COLUMNS, row_of(one), strict=True)) for one in envelopes if one.witness]
    await _add(session, rows)


async def sight(session: AsyncSession, repository_id: int, sights: Iterable[Sight], at: datetime) -> None:
    """Keep what the API showed of comments before any delivery did."""
    rows = [dict(zip(COLUMNS, (repository_id, *one, False, False, at), strict=True)) for one in sights]
    await _add(session, rows)


async def seen(session: AsyncSession, repository_id: int, ids: Sequence[int]) -> dict[int, Seen]:
    """Return what was first seen of comments, by their ids."""
    found: dict[int, Seen] = {}
    columns = (Witness.author_id, Witness.author, Witness.hmac, Witness.witnessed, Witness.changed)
    for start in range(0, len(ids), SLICE):
        query = select(Witness.comment_id, *columns).where(
            Witness.repository_id == repository_id, Witness.comment_id.in_(ids[start : start + SLICE])
        )
        for comment, author_id, author, mac, witnessed, changed in await session.execute(query):
            found[comment] = Seen(author_id, author, mac, witnessed, changed)
    return found


async def identify(session: AsyncSession, old: int, new: int) -> None:
    """Give the comments of a repository of an older database its id; those seen under both ids are compared."""
    other = aliased(Witness)
    differs = exists().where(
        other.repository_id == new, other.comment_id == Witness.comment_id, other.hmac != Witness.hmac
    )
    await session.execute(update(Witness).where(Witness.repository_id == old, differs).values(changed=True))
    await session.execute(
        delete(Witness).where(
            Witness.repository_id == new,
            exists().where(other.repository_id == old, other.comment_id == Witness.comment_id),
        )
    )
    await session.execute(update(Witness).where(Witness.repository_id == old).values(repository_id=new))


async def _add(session: AsyncSession, rows: list[dict[str, object]]) -> None:
    change = {name: text(value) for name, value in _COMPARED.items()}
    for start in range(0, len(rows), SLICE):
        await upsert(session, Witness, rows[start : start + SLICE], _KEY, change)
