"""Looks runs up in a server's list of runs: by number, or by the server's own id.

Forgejo filters its list by number; Gitea passes over that filter, and then its list is read page by page. Without
`page` Forgejo passes over `limit` and gives everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.concurrent import run_all
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import ForgejoError, NotFound
from bot.soaks.tasks import passing
from bot.soaks.told import RunTold, told

AT_ONCE = 10
SIZE, PAGES = 50, 10
"""Runs of a page, and pages that are read where the server doesn't find a run by its number."""

Name = tuple[Literal["number", "id"], int]
"""How a run is named: by the repository's number, or by the server's id."""


@dataclass(frozen=True)
class Answer:
    """What the list says of one run; neither `run` nor `unknown`: there is no such run.

    `lacking`: the server has no list of runs, as far as can be told.
    """

    endpoint: str
    run: RunTold | None = None
    unknown: str = ""
    lacking: bool = False


@dataclass
class RunList:
    """The list of one repository, for one look. With `patient`, what another look may mend is raised."""

    client: ForgejoAPI
    repository: str
    patient: bool = False
    _pages: dict[int, list[RunTold]] = field(default_factory=dict)
    _unfiltered: bool = False

    async def find(self, names: Sequence[Name]) -> dict[Name, Answer]:
        """Gives what the list says of each. Raises ForgejoError where it is patient.

        The first one is asked for alone: what the server doesn't do for it, it does for none.
        """
        found: dict[Name, Answer] = {}
        while rest := names[len(found) :]:
            if any(one.lacking for one in found.values()):
                return found | {name: Answer(self._endpoint(name), lacking=True) for name in rest}
            # Pages of a list are read one after the other, and each of them once.
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
        runs = [told(run) for run in said.workflow_runs]
        if all(run.number == number for run in runs):
            return Answer(endpoint, next(iter(runs), None))
        self._unfiltered = True
        self._pages[1] = runs
        return await self._paged(number)

    async def _paged(self, number: int) -> Answer:
        """The newest runs have the highest numbers: a page with none as high is past it."""
        endpoint = f"GET {endpoints.RUNS.path(self.repository)}"
        for page in range(1, PAGES + 1):
            if page not in self._pages:
                asked = {"page": page, "limit": SIZE}
                said = await endpoints.RUNS.get(self.client, self.repository, params=asked)
                self._pages[page] = [told(run) for run in said.workflow_runs]
            runs = self._pages[page]
            if found := next((run for run in runs if run.number == number), None):
                return Answer(endpoint, found)
            if all(run.number < number for run in runs):
                return Answer(endpoint)
        return Answer(endpoint, unknown=f"it isn't among the newest {SIZE * PAGES} runs")

    async def _identified(self, run_id: int) -> Answer:
        endpoint = self._endpoint(("id", run_id))
        try:
            run = told(await endpoints.RUN_BY_ID.get(self.client, self.repository, run_id))
        except NotFound:
            # Also where there is no list at all, and where the account may not see it.
            await endpoints.RUNS.get(self.client, self.repository, params={"page": 1, "limit": 1})
            return Answer(endpoint)
        return Answer(endpoint, run if run.belongs_to(self.repository) else None)
