"""Looks up runs in a server's list of runs: by number, or by the server's id.

Forgejo filters its list by number. Gitea ignores that filter, so its list is read page by page. Without `page`, Forgejo
ignores `limit` and returns all runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.soaks.listed_run import ListedRun, listed_run
from bot.soaks.tasks import passing

AT_ONCE = 10
SIZE, PAGES = 50, 10
"""Runs per page, and the maximum of pages read from a server that does not filter by number."""

Name = tuple[Literal["number", "id"], int]
"""Names a run: by its number in the repository, or by the server's id."""


@dataclass(frozen=True)
class Answer:
    """The answer about one run. With neither `run` nor `unknown`, the run does not exist.

    `lacking`: the server seems to have no list of runs.
    """

    endpoint: str
    run: ListedRun | None = None
    unknown: str = ""
    lacking: bool = False


@dataclass
class RunList:
    """The list of one repository, for one evaluation. With `patient`, errors that a retry may fix are raised."""

    client: ForgejoAPI
    repository: str
    patient: bool = False
    _pages: dict[int, list[ListedRun]] = field(default_factory=dict)
    _unfiltered: bool = False

    async def find(self, names: Sequence[Name]) -> dict[Name, Answer]:
        """Return the answer for each name. Raises ForgejoError if `patient`.

        The first name is requested alone: it shows whether the server has the list and filters it.
        """
        found: dict[Name, Answer] = {}
        while rest := names[len(found) :]:
            if any(one.lacking for one in found.values()):
                return found | {name: Answer(self._endpoint(name), lacking=True) for name in rest}
            # Without a filter, pages are read one after the other, and each only once.
            part = rest[: 1 if not found or self._unfiltered else AT_ONCE]
            found |= zip(part, await run_all(*map(self._one, part)), strict=True)
        return found

    def _endpoint(self, name: Name) -> str:
        kind, value = name
        if kind == "id":
            return f"GET {endpoints.RUN_BY_ID.path(self.repository, value)}"
        return f"GET {endpoints.RUNS.path(self.repository)}?run_number={value}"

    async def _one(self, name: Name) -> Answer:
        kind, value = name
        try:
            return await (self._numbered(value) if kind == "number" else self._identified(value))
        except ForgejoError as fault:
            if self.patient and passing(fault):
                raise
            lacking = isinstance(fault, NotFound)
            return Answer(self._endpoint(name), unknown=str(fault), lacking=lacking)

    async def _numbered(self, number: int) -> Answer:
        endpoint = self._endpoint(("number", number))
        if self._unfiltered:
            return await self._paged(number)
        asked: dict[str, str | int] = {"run_number": number, "page": 1, "limit": SIZE}
        said = await endpoints.RUNS.get(self.client, self.repository, params=asked)
        runs = [listed_run(run) for run in said.workflow_runs]
        if all(run.number == number for run in runs):
            return Answer(endpoint, next(iter(runs), None))
        self._unfiltered = True
        self._pages[1] = runs
        return await self._paged(number)

    async def _paged(self, number: int) -> Answer:
        """Read pages until the number is passed: the newest runs come first and have the highest numbers."""
        endpoint = f"GET {endpoints.RUNS.path(self.repository)}"
        for page in range(1, PAGES + 1):
            if page not in self._pages:
                asked = {"page": page, "limit": SIZE}
                said = await endpoints.RUNS.get(self.client, self.repository, params=asked)
                self._pages[page] = [listed_run(run) for run in said.workflow_runs]
            runs = self._pages[page]
            if found := next((run for run in runs if run.number == number), None):
                return Answer(endpoint, found)
            if all(run.number < number for run in runs):
                return Answer(endpoint)
        return Answer(endpoint, unknown=f"not among the newest {SIZE * PAGES} runs")

    async def _identified(self, run_id: int) -> Answer:
        endpoint = self._endpoint(("id", run_id))
        try:
            run = listed_run(await endpoints.RUN_BY_ID.get(self.client, self.repository, run_id))
        except NotFound:
            # The server also answers 404 if it has no list, or if the account may not read it.
            await endpoints.RUNS.get(self.client, self.repository, params={"page": 1, "limit": 1})
            return Answer(endpoint)
        return Answer(endpoint, run if run.belongs_to(self.repository) else None)
