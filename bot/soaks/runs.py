"""Looks up on the server the runs that evidence names: their state, commit, workflow and first start.

Newer servers list runs; older ones list only tasks, the jobs that runners took. Only tasks tell the first start of a
run. Answers about finished runs are cached for minutes, others are not cached. A run that could not be looked up is
unknown, and never counts as successful.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI
from bot.forgejo.capabilities import RUNS
from bot.model import EvidenceRun, Repo, RunSeen
from bot.soaks.listed_run import SETTLED, first_start, run_from_tasks
from bot.soaks.run_list import Answer, Name, RunList
from bot.soaks.tasks import PAGES, SIZE, Tasks, read_tasks

MOST = 200
"""Maximum number of runs of one soak that are looked up."""
MORE = f"over the limit of {MOST} runs"
REMEMBERED = 5000
FRESH = 600.0
LACKING = 3600.0
"""Seconds for which the answer about a finished run is cached, and the fact that a server lacks the list of runs."""

Key = tuple[Repo, Name]
"""Repository, and a run's number, or its id if evidence names no number."""


class SoakRuns:
    """Looks up runs on the server. `mask` removes secrets from its texts; `clock` gives monotonic seconds."""

    def __init__(
        self, client: ForgejoAPI, mask: Callable[[str], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._mask = mask
        self._known: FactCache[Key, RunSeen] = FactCache(REMEMBERED, clock)
        self._lacks: FactCache[str, bool] = FactCache(1, clock)

    async def read(self, repo: Repo, wanted: Sequence[EvidenceRun], *, patient: bool = False) -> tuple[RunSeen, ...]:
        """Return each wanted run once; runs beyond the limit are unknown.

        A run that cannot be looked up is unknown; with `patient`, errors that a retry may fix raise ForgejoError.
        """
        names = list(dict.fromkeys(_name(run) for run in wanted if run.number or run.id))
        found = {name: seen for name in names[:MOST] if (seen := self._known.get((repo, name))) is not None}
        asked = [name for name in names[:MOST] if name not in found]
        answers = await self._listed(repo.name, asked, patient=patient)
        tasks = await self._tasks(repo.name, answers, patient=patient)
        for name, answer in answers.items():
            seen = self._seen(name, *_joined(name, answer, tasks))
            settled = seen.status in SETTLED and not seen.unknown and not tasks.fault
            found[name] = self._known.keep((repo, name), seen, FRESH) if settled else seen
        found |= {name: self._seen(name, Answer("", unknown=MORE), None) for name in names[MOST:]}
        return tuple(dict.fromkeys(found[name] for name in names))

    async def _listed(self, repository: str, names: Sequence[Name], *, patient: bool) -> dict[Name, Answer]:
        if self._lacks.get(""):
            return {name: Answer("", lacking=True) for name in names}
        return await RunList(self._client, repository, patient=patient).find(names)

    async def _tasks(self, repository: str, answers: Mapping[Name, Answer], *, patient: bool) -> Tasks:
        """Read the tasks. The server is only taken to lack the list of runs if its tasks can be read."""
        numbers = [
            answer.run.number if answer.run else name[1] if name[0] == "number" else 0
            for name, answer in answers.items()
            if answer.run or answer.lacking
        ]
        if not numbers:
            return Tasks("")
        tasks = await read_tasks(self._client, repository, min(numbers), patient=patient)
        if not tasks.fault and any(answer.lacking for answer in answers.values()):
            self._lacks.keep("", True, LACKING)
        return tasks

    def _seen(self, name: Name, answer: Answer, began: datetime | None) -> RunSeen:
        kind, value = name
        nothing = RunSeen(number=value if kind == "number" else 0, id=value if kind == "id" else 0)
        run, endpoint = answer.run, answer.endpoint
        if answer.unknown:
            return nothing.model_copy(update={"unknown": self._mask(answer.unknown), "endpoint": endpoint})
        if run is None:
            return nothing.model_copy(update={"status": "missing", "endpoint": endpoint})
        return RunSeen(
            number=run.number,
            id=run.id,
            workflow=self._mask(run.workflow),
            status=run.status,
            commit=self._mask(run.commit),
            started_at=began,
            url=self._mask(run.url),
            endpoint=endpoint,
        )


def _name(run: EvidenceRun) -> Name:
    return ("number", run.number) if run.number else ("id", run.id)


def _joined(name: Name, answer: Answer, tasks: Tasks) -> tuple[Answer, datetime | None]:
    """Return the run from list and tasks, and its first start."""
    if answer.lacking and tasks.fault:
        return replace(answer, unknown=answer.unknown or tasks.fault), None
    if answer.lacking:
        return _of_tasks(name, tasks)
    run = answer.run
    if run is None or answer.unknown or tasks.fault:
        return answer, run.not_before if run else None
    mine = tasks.of(run.number)
    if run.status == "waiting" and not mine and tasks.whole:
        return replace(answer, run=replace(run, status="stuck")), None
    # Without all tasks, an older attempt may be missing.
    return answer, first_start(mine) if mine and tasks.whole else run.not_before


def _of_tasks(name: Name, tasks: Tasks) -> tuple[Answer, datetime | None]:
    kind, number = name
    if kind == "id":
        why = f"this server cannot look up a run by its id (possible with {RUNS.since}); use the run's number"
        return Answer(tasks.endpoint, unknown=why), None
    mine = tasks.of(number)
    if not mine and not tasks.whole:
        return Answer(tasks.endpoint, unknown=f"not among the newest {SIZE * PAGES} tasks"), None
    run = run_from_tasks(mine) if mine else None
    return Answer(tasks.endpoint, run), run.not_before if run else None
