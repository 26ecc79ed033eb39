"""Worlds that several rows are measured in: the sandbox and `assay serve`, with defaults or with all checks on."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.policy import PATH, text_digest
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY
from tests.bench.harness.forge import Forge, running_forge
from tests.bench.harness.serve import at_rest, command, serving
from tests.handlers.contract.contracts import FULL_BODY
from tests.stories.server import Server

FILES = 20
POLICY = """\
contract: {mode: block, runtime: [deploy/]}
guards:
  base: {mode: block}
  docs-drift: {mode: advise, rules: [{name: beds, when: [src/], need: [docs/, README.md]}]}
  workflow-lint: {mode: advise}
  scope: {mode: advise, modules: [{name: beds, paths: [src/]}], auto: [beds], beside: [docs/]}
  red-zone: {mode: block, paths: [deploy/]}
  modes: {mode: block}
merge: {mode: on}
"""


@dataclass(frozen=True)
class Bench:
    """A running sandbox with the bot beside it."""

    forge: Forge
    server: Server

    async def pull(self, name: str) -> tuple[int, str, float]:
        """Opens a pull request of 20 files; returns its number, its head, and when it was opened."""
        head, _ = await self.forge.pushed(name, files(name, 0))
        number = await self.forge.pull(name, f"feat: {name}", FULL_BODY)
        opened = await self.forge.ask("times", path=r"/pulls$", method="POST", user=AGENT)
        return number, head, opened[-1]


@asynccontextmanager
async def bench(policy: str = "") -> AsyncIterator[Bench]:
    """Start both; a policy is committed and trusted first."""

    async def trust(server: Server) -> None:
        if policy:
            await forge.ask("commit", branch="main", files={PATH: policy}, author=OPERATOR)
            await command(server, "policy", "trust", REPOSITORY, text_digest(policy))

    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        async with (
            running_forge(Path(folder)) as forge,
            serving(Path(folder), forge, prepare=trust) as (server,),
        ):
            await at_rest(server)
            yield Bench(forge, server)


def files(name: str, push: int) -> dict[str, str | None]:
    """Twenty files of a pull request, all of which each push changes."""
    return {f"src/{name}/part_{n}.py": f"PART = {push}\n" * 50 for n in range(FILES)}
