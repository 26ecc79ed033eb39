"""How an installation whose webhooks share one secret gets one for each repository, while events go on.

`python -m tests.stories.trust.rotation` prints the steps.
"""

import asyncio
import json
import logging
import secrets
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog
from pydantic import SecretStr

from bot.app import now
from bot.forgejo.signature import sign
from bot.intake import take_note
from bot.intake.hook_secrets import GRACE_SECONDS
from bot.sandbox.world import OPERATOR, OUTSIDER, REPOSITORY, World, world
from bot.setup import setup
from bot.store.deliveries import last_signers
from tests.stories.server import RULES
from tests.stories.trust.forging import NURSERY, nursery

EVENTS = ["push", "pull_request", "pull_request_comment", "issues", "issue_comment"]
RESULTS = ("new", "known", "unsigned", "foreign", "malformed", "unavailable")
REPOSITORIES = (REPOSITORY, NURSERY)

Say = Callable[[str], None]


@dataclass
class Rotated:
    """What came of it."""

    scene: World
    secret: str
    written: int = 0
    lines: list[str] = field(default_factory=list)
    results: dict[str, int] = field(default_factory=dict)
    signers: dict[str, str] = field(default_factory=dict)
    hooks: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    forged: dict[str, int] = field(default_factory=dict)


class Story:
    """The steps, each told to `say`."""

    def __init__(self, scene: World, secret: str, minutes: list[float], say: Say) -> None:
        self.found = Rotated(scene, secret)
        self._minutes = minutes
        self._say = say

    async def old(self) -> None:
        """Webhooks as an older version made them: no query in the address, one secret; the bot serves both."""
        scene = self.found.scene
        await nursery(scene)
        await scene.machine.names.named(scene.repo)
        await take_note(scene.machine.store, scene.machine.hook_secrets)
        config = {"url": f"{scene.address}/webhooks/forgejo", "content_type": "json", "secret": self.found.secret}
        for name in REPOSITORIES:
            scene.sandbox.grant(name, scene.bot, "admin")
            data = {"type": "forgejo", "active": True, "events": EVENTS, "config": config}
            await scene.api[OPERATOR].post(f"/repos/{name}/hooks", data)
            await scene.api[OUTSIDER].post(f"/repos/{name}/issues", {"title": "Frost", "body": ""})
        await scene.settled()
        await self.look("before, with the shared secret")

    async def rotate(self) -> None:
        """Run setup twice for each repository while people write."""
        done = asyncio.Event()
        writing = asyncio.create_task(self._write(done))
        for turn in (1, 2):
            for name in REPOSITORIES:
                said: list[str] = []
                await setup(self.found.scene.machine, name, say=said.append)
                chosen = [line for line in said if "webhook" in line]
                self.found.lines += chosen
                for line in chosen:
                    self._say(f"  setup {turn} of {name}: {line}")
        done.set()
        self.found.written = await writing
        await self.found.scene.settled()
        await self.look("after two setups, with writing meanwhile")

    async def _write(self, done: asyncio.Event) -> int:
        """Write comments in both until it is done, and once after; return how many."""
        written, last = 0, False
        while not last:
            last = done.is_set()
            for name in REPOSITORIES:
                address = f"/repos/{name}/issues/1/comments"
                await self.found.scene.api[OUTSIDER].post(address, {"body": f"Day {written}"})
                written += 1
        return written

    async def forge(self) -> None:
        """Use the shared secret as somebody who read it before would, when the time of grace is over."""
        self._minutes[0] += GRACE_SECONDS / 60 + 1
        scene = self.found.scene
        await take_note(scene.machine.store, scene.machine.hook_secrets)
        for name in REPOSITORIES:
            repository = await scene.api[OPERATOR].getitem(f"/repos/{name}")
            status = await self._post({"action": "opened", "issue": {"number": 1}, "repository": repository})
            self.found.forged[name] = status
            self._say(f"  a delivery about {name} with the shared secret: {status}")

    async def _post(self, payload: Any) -> int:
        body = json.dumps(payload).encode()
        headers = {"Content-Type": "application/json", "X-Forgejo-Delivery": str(uuid.uuid4())}
        headers |= {"X-Forgejo-Event-Type": "issues", **sign(body, self.found.secret.encode())}
        async with httpx.AsyncClient() as client:
            address = f"{self.found.scene.address}/webhooks/forgejo"
            return (await client.post(address, content=body, headers=headers)).status_code

    async def look(self, when: str) -> None:
        """See how many deliveries came and who signed the newest of each repository."""
        scene, registry = self.found.scene, self.found.scene.machine.metrics.registry
        for result in RESULTS:
            value = registry.get_sample_value("assay_deliveries_total", {"result": result})
            self.found.results[result] = int(value or 0)
        async with scene.machine.store.read() as session:
            signers = await last_signers(session)
        for name in REPOSITORIES:
            self.found.signers[name] = signers[scene.repo_called(name).id][1]
            hooks = await scene.api[OPERATOR].getitem(f"/repos/{name}/hooks")
            self.found.hooks[name] = [(hook["id"], hook["config"]["url"]) for hook in hooks]
        self._say(f"{when}: deliveries {self.found.results}")
        for name in REPOSITORIES:
            self._say(
                f"  {name}: webhooks {self.found.hooks[name]}, newest delivery signed by {self.found.signers[name]}"
            )


async def rotated(root: Path, say: Say) -> Rotated:
    """Tell the story and return what came of it."""
    secret, minutes = secrets.token_hex(20), [0.0]
    later = lambda: now() + timedelta(minutes=minutes[0])  # noqa: E731 - a clock
    async with world(root, clock=later, rules_cache_dir=RULES, webhook_secret=SecretStr(secret)) as scene:
        story = Story(scene, secret, minutes, say)
        await story.old()
        await story.rotate()
        await story.forge()
        return story.found


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(prefix="assay-rotation-") as folder:
        asyncio.run(rotated(Path(folder), print))  # type: ignore[arg-type] # it takes more than is asked for
