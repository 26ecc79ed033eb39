"""Runs that failed on the default branch while a soak was going on: what nobody posts as evidence is seen all the same.

Newer servers list failed runs, which is one call; on others nothing is known of them, and nothing is said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import Runs
from bot.model import RunSeen

MOST = 20
"""Failed runs that are told, the newest."""
LISTED = 50


@dataclass(frozen=True)
class SoakFailures:
    """Asks for failed runs. `mask` gives texts of the server as they may be kept."""

    client: ForgejoAPI
    mask: Callable[[str], str]

    async def read(self, repository: str, branch: str, known: Sequence[RunSeen]) -> tuple[RunSeen, ...]:
        """Gives failed runs on a branch, of the workflows that succeeded runs are of, begun after the first of these.

        Run numbers rise within a repository, so they tell what came after. What can't be asked is left out.
        """
        good = [run for run in known if run.status == "success"]
        workflows = {run.workflow for run in good if run.workflow}
        if not workflows:
            return ()
        owner, name = repository.split("/", 1)
        address = path("repos", owner, name, "actions", "runs")
        try:
            said = Runs.of(await self.client.getitem(address, {"status": "failure", "limit": LISTED}))
        except ForgejoError:
            return ()
        first = min(run.number for run in good)
        found = [
            RunSeen(
                number=run.run_number,
                id=run.id,
                workflow=self.mask(run.workflow_id),
                status=run.status,
                commit=self.mask(run.head_sha),
                url=self.mask(run.url),
                endpoint=f"GET {address}?status=failure",
            )
            for run in said.workflow_runs
            if run.status == "failure"
            and run.run_number > first
            and run.head_branch == branch
            and self.mask(run.workflow_id) in workflows
        ]
        return tuple(sorted(found, key=lambda run: run.number)[-MOST:])
