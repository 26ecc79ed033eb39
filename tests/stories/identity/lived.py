"""A repository that the bot has served for a while, and what is known of it."""

import re
from typing import Any

from sqlalchemy import select

from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, World
from bot.store import repositories
from bot.store.scheduling import marking
from bot.store.tables import DecisionRow, TargetRow, TrustedPolicy
from tests.stories.checks.test_commanding import trust_agents
from tests.stories.contexts import known
from tests.stories.pushes import clean_pull, leaking_pull

FOOTER = re.compile(r"<sub>head `.*</sub>")
FINDING = re.compile(r"sf_[0-9a-f]{16}")


async def lived_in(scene: World) -> dict[int, str]:
    """Makes three pull requests, with a hold, an accepted finding and a leak; gives their heads by number."""
    await trust_agents(scene)
    held, held_head = await clean_pull(scene, "codex/held")
    accepted, accepted_head = await leaking_pull(scene, "codex/accepted")
    leaking, leaking_head = await leaking_pull(scene, "codex/leaking")
    await scene.settled()
    await scene.write(OPERATOR, held, "/hold the beds are frozen")
    report = (await scene.report(accepted) or {})["body"]
    for found in sorted(set(FINDING.findall(report))):
        await scene.write(OPERATOR, accepted, f"/accept {found} a token of the test garden, revoked")
    await scene.settled()
    return {held: held_head, accepted: accepted_head, leaking: leaking_head}


async def standing(scene: World, heads: dict[int, str]) -> dict[int, dict[str, Any]]:
    """What people see of each pull request: the bot's comments, verdict, labels and statuses."""
    seen: dict[int, dict[str, Any]] = {}
    for number, head in heads.items():
        comments = await scene.said(number)
        report = await scene.report(number) or {"body": "\n\nnone"}
        seen[number] = {
            "comments": [(one["id"], _apart_from_names(one["body"], scene)) for one in comments],
            "verdict": report["body"].splitlines()[2],
            "labels": await scene.labels(number),
            "statuses": known(await scene.statuses(head)),
        }
    return seen


def _apart_from_names(body: str, scene: World) -> str:
    """A comment without the repository's name, and without the footer, whose hash covers the name."""
    return FOOTER.sub("", re.sub(f"{scene.repository}|{REPOSITORY}", "THE/REPOSITORY", body))


async def remembered(scene: World) -> dict[str, Any]:
    """What the database holds of the repository that the world is about."""
    number = scene.repo.id
    async with scene.machine.store.read() as session:
        names = [(one.id, one.full_name) for one in await repositories.known(session)]
        targets = select(TargetRow.number, TargetRow.state).where(TargetRow.repository_id == number)
        decisions = select(DecisionRow.number, DecisionRow.command).where(DecisionRow.repository_id == number)
        trusted = await session.get(TrustedPolicy, number)
        return {
            "names": names,
            "targets": sorted(map(tuple, (await session.execute(targets)).all())),
            "decisions": sorted(map(tuple, (await session.execute(decisions)).all())),
            "trusted by": trusted.trusted_by if trusted else "",
        }


async def agents_may_not_command(scene: World, number: int) -> bool:
    """Whether the trusted policy still names the agents: one of them may not lift a hold."""
    comment = await scene.write(AGENT, number, "/unhold")
    await scene.settled()
    return await scene.reactions(comment) == ["confused"]


def written(scene: World) -> list[tuple[str, str]]:
    """What the bot wrote since the calls were counted anew."""
    return [(call.method, call.path) for call in scene.sandbox.writes if call.user == BOT]


async def evaluated_again(scene: World) -> None:
    """Every open target is evaluated once more."""
    await marking.mark_all_open(scene.machine.store, priority=5)
    await scene.machine.resync.listings()
    await scene.machine.resync.sweep()
    await scene.settled()
