"""The newest tasks of Actions in a repository: what an older server tells of runs, and when a run first began."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import Task

SIZE, PAGES = 50, 10
"""Tasks of a page, and pages that are read."""
PAST = 2
"""Pages in a row with older runs' tasks alone, after which no task of a newer run is looked for."""


@dataclass(frozen=True)
class Tasks:
    """Tasks by the number of their run. `whole`: there are no others of the runs asked for; `fault`: why none are."""

    endpoint: str
    runs: Mapping[int, tuple[Task, ...]] = field(default_factory=dict)
    whole: bool = False
    fault: str = ""

    def of(self, number: int) -> tuple[Task, ...]:
        """Gives the tasks of a run."""
        return self.runs.get(number, ())


async def read_tasks(client: ForgejoAPI, repository: str, lowest: int, *, patient: bool) -> Tasks:
    """Gives the tasks of runs from a number on, the newest pages first, until there can't be others or it's too many.

    What can't be read is a fault; with `patient`, what another look may mend is raised as ForgejoError instead.
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
    """Says whether another look may mend a fault: a server that answers so may go on answering so."""
    return fault.repeatable and fault.status not in range(200, 429)


def _by_run(tasks: Mapping[int, Task]) -> dict[int, tuple[Task, ...]]:
    found: dict[int, tuple[Task, ...]] = {}
    for task in tasks.values():
        found[task.run_number] = (*found.get(task.run_number, ()), task)
    return found
