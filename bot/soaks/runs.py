"""Looks up in Forgejo the runs that evidence names: their state, commit, workflow and start.

Newer servers list runs by number, with one call for each; older ones list only tasks, the jobs that runners took. Only
tasks tell the start of a run. Answers about finished runs are cached for minutes, others are not cached. A run that
could not be looked up is unknown, and never counts as successful.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.concurrent import run_all
from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import ForgejoError, NotFound
from bot.forgejo.types import Run, Runs
from bot.model import EvidenceRun, RunSeen
from bot.soaks.tasks import PAGES, SIZE, Tasks, passing, read_tasks

MOST = 200
"""Maximum number of runs of one soak that are looked up."""
MORE = f"over the limit of {MOST} runs"
AT_ONCE = 10
REMEMBERED = 5000
SETTLED = frozenset({"success", "failure", "cancelled", "skipped"})
FRESH = 600.0
LACKING = 3600.0
"""Seconds for which the answer about a finished run is cached, and the fact that a server lacks the list of runs."""

Key = tuple[str, int, int]
"""Repository and a run's number, or its id if evidence names no number."""


@dataclass(frozen=True)
class _Found:
    """The answer of the list of runs; `lacking`: the server has no such list."""

    seen: RunSeen
    lacking: bool = False

    @property
    def exists(self) -> bool:
        """Whether there is a run, whose start is still to be looked up."""
        return not self.lacking and not self.seen.unknown and self.seen.status != "missing"


class SoakRuns:
    """Looks up runs in Forgejo. `mask` removes secrets from its texts; `clock` gives monotonic seconds."""

    def __init__(
        self, client: ForgejoAPI, mask: Callable[[str], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._mask = mask
        self._known: FactCache[Key, RunSeen] = FactCache(REMEMBERED, clock)
        self._lacks: FactCache[str, bool] = FactCache(1, clock)

    async def read(
        self, repository: str, wanted: Sequence[EvidenceRun], *, patient: bool = False
    ) -> tuple[RunSeen, ...]:
        """Return each wanted run once; runs beyond the limit are unknown.

        A run that cannot be looked up is unknown; with `patient`, errors that a retry may fix raise ForgejoError.
        """
        keys = list(dict.fromkeys(_key(repository, run) for run in wanted if run.number or run.id))
        found = {key: seen for key in keys[:MOST] if (seen := self._known.get(key)) is not None}
        asked = [key for key in keys[:MOST] if key not in found]
        listed = await self._listed(asked, patient=patient)
        if numbers := [one.seen.number for one in listed.values() if one.exists or one.lacking]:
            tasks = await read_tasks(self._client, repository, min(numbers), patient=patient)
            found |= {key: self._joined(key, one, tasks) for key, one in listed.items()}
        else:
            found |= {key: one.seen for key, one in listed.items()}
        found |= {key: RunSeen(number=key[1], id=key[2], unknown=MORE) for key in keys[MOST:]}
        shown = [found[key].model_copy(update={"unknown": self._mask(found[key].unknown)}) for key in keys]
        return tuple(dict.fromkeys(shown))

    async def _listed(self, keys: Sequence[Key], *, patient: bool) -> dict[Key, _Found]:
        """Look up the first run alone: if the server has no list of runs, the others are not requested."""
        found: dict[Key, _Found] = {}
        for start in (0, *range(1, len(keys), AT_ONCE)):
            part = keys[start : start + AT_ONCE] if start else keys[:1]
            lacking = any(one.lacking for one in found.values())
            answers = await run_all(*(self._one(key, patient=patient, lacking=lacking) for key in part))
            found |= zip(part, answers, strict=True)
        return found

    async def _one(self, key: Key, *, patient: bool, lacking: bool) -> _Found:
        repository, number, run_id = key
        owner, name = repository.split("/", 1)
        runs = path("repos", owner, name, "actions", "runs")
        address = f"{runs}?run_number={number}" if number else f"{runs}/{run_id}"
        nothing = RunSeen(number=number, id=run_id, endpoint=f"GET {address}")
        if lacking or self._lacks.get(""):
            return _Found(nothing, lacking=True)
        try:
            if number:
                said = Runs.of(await self._client.getitem(runs, {"run_number": number}))
                return _Found(self._of_list(nothing, said))
            return _Found(self._seen(nothing, Run.of(await self._client.getitem(address))))
        except NotFound as fault:
            if number or not await self._lists(runs, patient=patient):
                return _Found(nothing.model_copy(update={"unknown": str(fault)}), lacking=True)
            return _Found(nothing.model_copy(update={"status": "missing"}))
        except ForgejoError as fault:
            return _Found(_unknown(nothing, fault, patient=patient))

    async def _lists(self, runs: str, *, patient: bool) -> bool:
        """Return whether the server has the list of runs, so that an unlisted run does not exist."""
        try:
            await self._client.getitem(runs, {"limit": 1})
        except ForgejoError as fault:
            if patient and passing(fault):
                raise
            return False
        return True

    def _of_list(self, nothing: RunSeen, said: Runs) -> RunSeen:
        """Return a run from the list. A server that ignores the number lists other runs; then the run is unknown."""
        run = next((run for run in said.workflow_runs if run.run_number == nothing.number), None)
        if run is not None:
            return self._seen(nothing, run)
        if said.workflow_runs:
            return nothing.model_copy(update={"unknown": "the server returned other runs than the requested one"})
        return nothing.model_copy(update={"status": "missing"})

    def _seen(self, nothing: RunSeen, run: Run) -> RunSeen:
        return nothing.model_copy(
            update={
                "number": run.run_number or nothing.number,
                "id": run.id,
                "workflow": self._mask(run.workflow_id),
                "status": run.status or "unknown",
                "commit": self._mask(run.head_sha),
                "url": self._mask(run.url),
            }
        )

    def _joined(self, key: Key, listed: _Found, tasks: Tasks) -> RunSeen:
        """Return a run from list and tasks. The server is only taken to lack the list if its tasks can be read."""
        seen = listed.seen
        if listed.lacking and tasks.fault:
            return seen.model_copy(update={"unknown": seen.unknown or tasks.fault})
        if listed.lacking:
            self._lacks.keep("", True, LACKING)
            return self._kept(key, self._of_tasks(seen, tasks))
        if not listed.exists or tasks.fault:
            return seen
        mine = tasks.of(seen.number)
        if seen.status == "waiting" and not mine and tasks.whole:
            return seen.model_copy(update={"status": "stuck"})
        return self._kept(key, seen.model_copy(update={"started_at": _beginning(mine)}))

    def _of_tasks(self, nothing: RunSeen, tasks: Tasks) -> RunSeen:
        nothing = nothing.model_copy(update={"endpoint": tasks.endpoint, "unknown": ""})
        if not nothing.number:
            return nothing.model_copy(
                update={"unknown": "this server cannot look up a run by its id; use the run's number"}
            )
        mine = tasks.of(nothing.number)
        if not mine and tasks.whole:
            return nothing.model_copy(update={"status": "missing"})
        if not mine:
            return nothing.model_copy(update={"unknown": f"not among the newest {SIZE * PAGES} tasks"})
        seen = self._seen(nothing, mine[0])
        return seen.model_copy(update={"id": 0, "status": _status(mine), "started_at": _beginning(mine)})

    def _kept(self, key: Key, seen: RunSeen) -> RunSeen:
        return self._known.keep(key, seen, FRESH) if seen.status in SETTLED and not seen.unknown else seen


def _unknown(nothing: RunSeen, fault: ForgejoError, *, patient: bool) -> RunSeen:
    """Return the run as unknown because of an error; raise the error instead if a retry may help."""
    if patient and passing(fault):
        raise fault
    return nothing.model_copy(update={"unknown": str(fault)})


def _key(repository: str, run: EvidenceRun) -> Key:
    return repository, run.number, 0 if run.number else run.id


def _status(tasks: Sequence[Run]) -> str:
    """Return the status of a run: success only if all tasks succeeded; failures come before unfinished tasks."""
    found = [task.status or "unknown" for task in tasks]
    worst = [one for one in ("failure", "cancelled") if one in found]
    open_ = [one for one in found if one not in SETTLED]
    return next(iter((*worst, *open_)), "skipped" if "skipped" in found else "success")


def _beginning(tasks: Sequence[Run]) -> datetime | None:
    """Return the earliest start of the tasks; Forgejo reports the start of the epoch for an unstarted task."""
    moments = [
        task.run_started_at if task.run_started_at and task.run_started_at.timestamp() > 0 else task.created_at
        for task in tasks
    ]
    return min((moment for moment in moments if moment), default=None)
