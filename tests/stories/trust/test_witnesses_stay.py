"""What an operator wrote counts as long as it stands: after 31 days, when the deliveries are pruned, and a restart."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.app import assemble
from bot.model import Report, Snapshot
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World, world
from bot.store.tables import Delivery
from handlers.contract.canary import waived
from tests.stories.conftest import hook
from tests.stories.pushes import leaking_pull
from tests.stories.server import RULES
from tests.stories.soaks.soak_story import EARLY, ISSUE, PHRASE, soaking
from tests.stories.soaks.soaked import set_policy
from tests.stories.soaks.test_soaking import TAKES_AWAY, told

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGE = timedelta(days=31)
GATE = "cutover-approved"
ANNOUNCED = "w04-signer-cutover-approved"
POLICY = f"""\
version: 1
agents: [{AGENT}]
contract: {{mode: advise}}
gates:
- phrase: {GATE}
  targets: [1]
  protects: {{paths: [deploy/]}}
"""
BODY = f"""\
### Known constraints

- `{ANNOUNCED}` is the gate of the cutover.
"""


@dataclass
class Aging:
    """A world whose clock can be set."""

    scene: World
    days: list[float]

    async def age(self) -> None:
        """Let 31 days pass, and prune as the server does."""
        await self.scene.settled()
        self.days[0] += AGE.days
        await self.scene.service.worker.prune()
        async with self.scene.machine.store.read() as session:
            assert await session.scalar(select(func.count()).select_from(Delivery)) == 0

    async def look(self, target: str) -> Snapshot:
        """Restart, look at a target, write what comes of it, and return what was seen."""
        return (await self.looked(target))[0]

    async def looked(self, target: str) -> tuple[Snapshot, tuple[Report, ...]]:
        clock = lambda: NOW + timedelta(days=self.days[0])  # noqa: E731 - a clock
        async with assemble(self.scene.machine.settings, clock) as restarted:
            await restarted.account.ask()
            evaluation, _ = await restarted.reconciler.apply_once(self.scene.target(target))
            return evaluation.snapshot, evaluation.reports


@asynccontextmanager
async def aging(root: Path) -> AsyncIterator[Aging]:
    days = [0.0]
    async with world(root, clock=lambda: NOW + timedelta(days=days[0]), rules_cache_dir=RULES) as scene:
        await hook(scene)
        yield Aging(scene, days)


async def test_a_gate_stays_open(tmp_path: Path) -> None:
    async with aging(tmp_path) as story:
        scene = story.scene
        issue = await scene.open_issue(OPERATOR, "Cut over")
        assert issue == 1
        await set_policy(scene, POLICY)
        number, head = await leaking_pull(scene)
        await scene.settled()
        assert (await scene.statuses(head))["assay/gates"] == "failure"
        await scene.write(OPERATOR, issue, GATE)
        await scene.settled()
        await story.look(f"!{number}")
        assert (await scene.statuses(head))["assay/gates"] == "success"
        await story.age()
        await story.look(f"#{issue}")
        await story.look(f"!{number}")
        assert (await scene.statuses(head))["assay/gates"] == "success"


async def test_a_waiver_and_a_gate_of_the_contract_stay(tmp_path: Path) -> None:
    async with aging(tmp_path) as story:
        scene = story.scene
        await scene.open_issue(OPERATOR, "Cut over")
        await set_policy(scene, POLICY)
        number, head = await leaking_pull(scene)
        await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{number}", {"body": BODY})
        await scene.write(OPERATOR, number, f"canary-waived {head}")
        await scene.write(OPERATOR, number, ANNOUNCED)
        await scene.settled()

        async def held() -> tuple[str, bool]:
            snapshot, reports = await story.looked(f"!{number}")
            notes = [note for report in reports for note in report.notes]
            return waived(snapshot), f"Gate {ANNOUNCED}: opened by {OPERATOR}." in notes

        assert await held() == (OPERATOR, True)
        await story.age()
        assert await held() == (OPERATOR, True)


async def test_the_gate_of_a_soak_stays_open_without_an_alarm(tmp_path: Path) -> None:
    async with soaking(tmp_path) as story:
        number, head = await story.pull("codex/early", "chore(runner): use the machine identity alone", TAKES_AWAY)
        assert number == EARLY
        await told(story, "awaiting-operator")
        await story.wait(1)
        await story.say(OPERATOR, PHRASE)
        assert (await story.state())["state"] == "approved"
        await story.wait(24 * AGE.days)
        await story.scene.service.worker.prune()
        await story.evaluate(ISSUE)
        await story.evaluate(EARLY, "!")
        assert (await story.state())["state"] == "approved"
        assert await story.status(head) == "success"
