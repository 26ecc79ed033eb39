"""Finds runs that failed on the default branch during a soak, also if nobody posts them as evidence.

Newer servers list failed runs with one call; older servers do not, and then nothing is reported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import Runs
from bot.model import RunSeen

MOST = 20
"""Maximum number of failed runs that are reported, the newest."""
LISTED = 50


@dataclass(frozen=True)
class SoakFailures:
    """Looks up failed runs. `mask` removes secrets from texts of the server."""

    client: ForgejoAPI
    mask: Callable[[str], str]

    async def read(self, repository: str, branch: str, known: Sequence[RunSeen]) -> tuple[RunSeen, ...]:
        """Return failed runs on a branch, of workflows with a successful known run, and later than the first of these.

        Run numbers increase within a repository, so a higher number is a later run. Errors give an empty result.
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
