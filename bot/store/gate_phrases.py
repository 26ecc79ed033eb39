"""Where operators wrote phrases of gates so that they count, as looks at other targets have left it in the database."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import PhraseSeen
from bot.store.tables import JudgmentRow

GATES_CHECK = "gates"
"""The check that remembers them, in `phrases`."""


async def phrases_on(session: AsyncSession, repository_id: int, numbers: Sequence[int]) -> tuple[PhraseSeen, ...]:
    """Gives the phrases on targets of a repository, by their numbers."""
    if not numbers:
        return ()
    query = (
        select(JudgmentRow.number, JudgmentRow.content)
        .where(
            JudgmentRow.repository_id == repository_id,
            JudgmentRow.check == GATES_CHECK,
            JudgmentRow.number.in_(sorted(set(numbers))),
        )
        .order_by(JudgmentRow.number, JudgmentRow.at)
    )
    newest = {number: content for number, content in await session.execute(query)}  # noqa: C416 - the last one counts
    return tuple(
        phrase
        for number, content in newest.items()
        for one in content.get("phrases") or ()
        if (phrase := _phrase(number, one)) is not None
    )


def _phrase(number: int, one: object) -> PhraseSeen | None:
    """What another version of the program remembered differently isn't there; nor is what no longer stands."""
    if not isinstance(one, dict) or one.get("lost_at"):
        return None
    try:
        return PhraseSeen.model_validate(
            {"number": number, **{key: one.get(key) for key in ("phrase", "comment", "by", "at")}}
        )
    except ValidationError:
        return None
