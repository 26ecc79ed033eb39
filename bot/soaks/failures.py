"""Finds runs that failed on the default branch during a soak, also if nobody posts them as evidence.

Servers with a list of runs list failed runs with one call; on others the tasks are read instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.model import RunSeen
from bot.soaks.listed_run import ListedRun, listed_run, run_from_tasks
from bot.soaks.tasks import read_tasks

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

    async def _failed(self, repository: str, branch: str, first: int) -> tuple[str, list[ListedRun]]:
        """Return the endpoint, and runs including the failed ones; servers ignore filters that they do not know."""
        asked: dict[str, str | int] = {"status": "failure", "ref": f"refs/heads/{branch}", "page": 1, "limit": LISTED}
        try:
            said = await endpoints.RUNS.get(self.client, repository, params=asked)
        except NotFound:
            tasks = await read_tasks(self.client, repository, first, patient=True)
            return tasks.endpoint, [run_from_tasks(found) for found in tasks.runs.values()]
        return f"GET {endpoints.RUNS.path(repository)}?status=failure", [listed_run(run) for run in said.workflow_runs]
