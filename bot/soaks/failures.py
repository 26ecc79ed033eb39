"""Runs that failed on the default branch while a soak was going on: what nobody posts as evidence is seen all the same.

Servers with a list of runs list failed ones, which is one call; on others their tasks tell of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.model import RunSeen
from bot.soaks.tasks import read_tasks
from bot.soaks.told import RunTold, told, told_by_tasks

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
        first = min(run.number for run in good)
        try:
            endpoint, listed = await self._failed(repository, branch, first)
        except ForgejoError:
            return ()
        found = [
            RunSeen(
                number=run.number,
                id=run.id,
                workflow=self.mask(run.workflow),
                status=run.status,
                commit=self.mask(run.commit),
                url=self.mask(run.url),
                endpoint=endpoint,
            )
            for run in listed
            if run.status == "failure"
            and run.number > first
            and run.branch == branch
            and self.mask(run.workflow) in workflows
        ]
        return tuple(sorted(found, key=lambda run: run.number)[-MOST:])

    async def _failed(self, repository: str, branch: str, first: int) -> tuple[str, list[RunTold]]:
        """What was asked, and runs that failed among others; servers pass over filters that they don't know."""
        asked: dict[str, str | int] = {"status": "failure", "ref": f"refs/heads/{branch}", "page": 1, "limit": LISTED}
        try:
            said = await endpoints.RUNS.get(self.client, repository, params=asked)
        except NotFound:
            tasks = await read_tasks(self.client, repository, first, patient=True)
            return tasks.endpoint, [told_by_tasks(found) for found in tasks.runs.values()]
        return f"GET {endpoints.RUNS.path(repository)}?status=failure", [told(run) for run in said.workflow_runs]
