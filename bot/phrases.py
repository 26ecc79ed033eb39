"""Where operators wrote the phrases of gates, as the check of gates kept it: they count for other targets, too."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import PhraseSeen, Target
from bot.policy import Policy
from bot.store.tables import JudgmentRow

CHECK = "gates"
"""The check whose judgments keep phrases; each judgment has all that stand on its target."""
MOST = 200
"""Phrases of one repository that are read."""


def places(policy: Policy) -> frozenset[int]:
    """Gives the numbers of issues and pull requests on which a phrase of the policy may count for other targets."""
    on = {number for gate in policy.gates for number in gate.on}
    return frozenset(on | {number for soak in policy.soaks for number in soak.gate_on})


async def phrases_on(
    session: AsyncSession, repository: str, numbers: Collection[int], beside: Target | None = None
) -> tuple[PhraseSeen, ...]:
    """Gives the phrases that stand on some targets of a repository, by number; without those of a target itself."""
    wanted = sorted(number for number in numbers if beside is None or number != beside.number)
    if not wanted:
        return ()
    query = (
        select(JudgmentRow)
        .where(JudgmentRow.repository == repository, JudgmentRow.check == CHECK, JudgmentRow.number.in_(wanted))
        .order_by(JudgmentRow.at)
    )
    newest = {row.number: row for row in (await session.execute(query)).scalars()}
    found = [
        PhraseSeen(number=number, **{name: one[name] for name in ("phrase", "comment", "by", "at")})
        for number in sorted(newest)
        for one in newest[number].content.get("phrases", ())
    ]
    return tuple(found[:MOST])
