"""Reads the newest tasks of Actions in a repository: for runs on older servers, and for the first start of runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import Task

SIZE, PAGES = 50, 10
"""Tasks per page, and maximum number of pages that are read."""
PAST = 2
"""Number of consecutive pages with only tasks of older runs after which reading stops."""


@dataclass(frozen=True)
class Tasks:
    """Tasks by the number of their run. `whole`: they are complete for the wanted runs; `fault`: the error, if any."""

    endpoint: str
    runs: Mapping[int, tuple[Task, ...]] = field(default_factory=dict)
    whole: bool = False
    fault: str = ""

    def of(self, number: int) -> tuple[Task, ...]:
        """Return the tasks of a run."""
        return self.runs.get(number, ())


async def read_tasks(client: ForgejoAPI, repository: str, lowest: int, *, patient: bool) -> Tasks:
    """Return the tasks of runs from the number `lowest` on: the newest pages, until complete or over the limit.

    An error is returned as `fault`; with `patient`, an error that a retry may fix raises ForgejoError instead.
    """
    endpoint, found, past = f"GET {endpoints.TASKS.path(repository)}", dict[int, Task](), 0
    for page in range(1, PAGES + 1):
        try:
            said = await endpoints.TASKS.get(client, repository, params={"limit": SIZE, "page": page})
        except ForgejoError as fault:
            if patient and passing(fault):
                raise
            return Tasks(endpoint, fault=str(fault))
        fresh = {task.id: task for task in said.workflow_runs if task.id not in found}
        found |= fresh
        past = past + 1 if all(task.run_number < lowest for task in fresh.values()) else 0
        if not fresh or len(found) >= said.total_count > 0 or past == PAST:
            return Tasks(endpoint, _by_run(found), whole=True)
    return Tasks(endpoint, _by_run(found))


def passing(fault: ForgejoError) -> bool:
    """Return whether a retry may fix an error; statuses from 200 to 428 are taken as permanent."""
    return fault.repeatable and fault.status not in range(200, 429)


def _by_run(tasks: Mapping[int, Task]) -> dict[int, tuple[Task, ...]]:
    found: dict[int, tuple[Task, ...]] = {}
    for task in tasks.values():
        found[task.run_number] = (*found.get(task.run_number, ()), task)
    return found
