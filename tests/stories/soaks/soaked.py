"""A soak in the small world: its policy, its tracking issue, evidence and runs."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END, Inputs, SoakSeen
from bot.policy import PATH
from bot.sandbox.world import AGENT, BOT, OPERATOR, REPOSITORY, World
from bot.store import soak_observations
from bot.store.soak_observations import Reading
from bot.store.tables import SoakRow, TargetRow

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
PHRASE = "w4a-remove-direct-pat-approved"


def evidence(run: int, soak: str = "deploy", **more: Any) -> str:
    """A comment with a payload."""
    payload = {"soak": soak, "kind": "smoke", "run": {"number": run}, "module": "dashboard", **more}
    return f"A run.\n\n{EVIDENCE_BEGIN}\n```json\n{json.dumps(payload)}\n```\n{EVIDENCE_END}\n"


async def set_policy(scene: World, text: str) -> str:
    """Puts a policy on main that an operator trusts, and gives the commit."""
    sha = await scene.sandbox.commit_files(REPOSITORY, "main", {PATH: text}, author=OPERATOR)
    await scene.machine.policies.trust(scene.repo, sha, OPERATOR)
    await scene.settled()
    return sha


async def track(scene: World, more: str = "", name: str = "deploy") -> int:
    """Opens a tracking issue with a soak in the policy, and gives its number."""
    number = await scene.open_issue(OPERATOR, f"Soak {name}")
    await set_policy(scene, soak(number, more, name=name))
    return number


def soak(number: int, more: str = "", *, name: str = "deploy") -> str:
    """A policy with one soak."""
    return f"soaks:\n- name: {name}\n  issue: {number}\n  gate: {PHRASE}\n{more}"


async def pull(scene: World, branch: str = "codex/rain", files: dict[str, str | bytes | None] | None = None) -> int:
    """Opens a pull request."""
    content = files or {"garden/rain.py": "x = 1\n"}
    await scene.sandbox.commit_files(REPOSITORY, branch, content, author=AGENT)
    number = await scene.open_pull(AGENT, branch, "feat: rain")
    await scene.settled()
    return number


async def merge(scene: World, number: int) -> str:
    """An operator merges; gives the merge commit."""
    address = f"/repos/{REPOSITORY}/pulls/{number}"
    await scene.api[OPERATOR].post(f"{address}/merge", {"Do": "merge"})
    await scene.settled()
    return str((await scene.api[OPERATOR].getitem(address))["merge_commit_sha"])


async def evaluate(scene: World, number: int, sign: str = "!") -> Inputs:
    """What a look at a target finds; nothing is written to Forgejo."""
    target = scene.target(f"{sign}{number}")
    return (await scene.machine.reconciler.evaluate(target)).snapshot.inputs


async def seen(scene: World, number: int, sign: str = "!") -> SoakSeen:
    """The one soak that a look at a target finds."""
    (found,) = (await evaluate(scene, number, sign)).soaks
    return found


async def readings(scene: World) -> dict[str, Reading]:
    """What is kept of soaks."""
    async with scene.machine.store.read() as session:
        return await soak_observations.readings(session, scene.repo.id)


async def forget_readings(scene: World) -> None:
    """Empties the table."""
    async with scene.machine.store.session() as session:
        await session.execute(delete(SoakRow))


async def row(scene: World, number: int) -> TargetRow:
    """What the database knows of a target."""
    async with scene.machine.store.read() as session:
        return (await session.execute(select(TargetRow).where(TargetRow.number == number))).scalar_one()


def calls(scene: World) -> list[str]:
    """What the bot has asked since the last time, without the repository's part."""
    found = [call.path.partition(REPOSITORY)[2] for call in scene.sandbox.calls if call.user == BOT]
    scene.sandbox.reset_calls()
    return sorted(found)
