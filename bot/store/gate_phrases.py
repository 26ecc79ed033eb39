"""Valid gate phrases of operators, as stored by evaluations of other targets."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import PhraseSeen
from bot.store.tables import JudgmentRow

GATES_CHECK = "gates"
"""The check whose judgments store them, in `phrases`."""


async def phrases_on(session: AsyncSession, repository_id: int, numbers: Sequence[int]) -> tuple[PhraseSeen, ...]:
    """Return the phrases on targets of a repository, by target number."""
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
    """Return the phrases of one judgment, without those of another version's format and those no longer valid."""
    if not isinstance(one, dict) or one.get("lost_at"):
        return None
    try:
        return PhraseSeen.model_validate(
            {"number": number, **{key: one.get(key) for key in ("phrase", "comment", "by", "at")}}
        )
    except ValidationError:
        return None
