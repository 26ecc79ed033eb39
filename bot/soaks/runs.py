"""What Forgejo tells of the runs that evidence names: their state, commit, workflow, and when they began.

Newer servers list runs by number, which is one call for each; older ones list tasks alone, the jobs that runners took.
When a run began only tasks tell. Answers about runs that ended are good for minutes, others aren't kept at all, and
what couldn't be asked is unknown: it is never taken for fine.
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
"""Runs of one soak that are looked at."""
MORE = f"more runs than the {MOST} that are looked at"
AT_ONCE = 10
REMEMBERED = 5000
SETTLED = frozenset({"success", "failure", "cancelled", "skipped"})
FRESH = 600.0
LACKING = 3600.0
"""Seconds for which a settled run's answer is good, and for which a server isn't asked again for a list it lacks."""

Key = tuple[str, int, int]
"""Repository and a run's number; its id where evidence names no number."""


@dataclass(frozen=True)
class _Found:
    """What the list of runs says; `run` is None where it says nothing, and `lacking` where there is no such list."""

    seen: RunSeen
    lacking: bool = False

    @property
    def told(self) -> bool:
        """Says whether there is a run, whose beginning is still to be found."""
        return not self.lacking and not self.seen.unknown and self.seen.status != "missing"


class SoakRuns:
    """Asks Forgejo for runs. `mask` gives its texts as they may be kept; `clock` gives seconds that only grow."""

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
        """Gives each run that is wanted once, the first ones where they are more than are looked at.

        What can't be asked is unknown; with `patient`, what another look may mend is raised as ForgejoError instead.
        """
        keys = list(dict.fromkeys(_key(repository, run) for run in wanted if run.number or run.id))
        found = {key: seen for key in keys[:MOST] if (seen := self._known.get(key)) is not None}
        asked = [key for key in keys[:MOST] if key not in found]
        listed = await self._listed(asked, patient=patient)
        if numbers := [one.seen.number for one in listed.values() if one.told or one.lacking]:
            tasks = await read_tasks(self._client, repository, min(numbers), patient=patient)
            found |= {key: self._joined(key, one, tasks) for key, one in listed.items()}
        else:
            found |= {key: one.seen for key, one in listed.items()}
        found |= {key: RunSeen(number=key[1], id=key[2], unknown=MORE) for key in keys[MOST:]}
        told = [found[key].model_copy(update={"unknown": self._mask(found[key].unknown)}) for key in keys]
        return tuple(dict.fromkeys(told))

    async def _listed(self, keys: Sequence[Key], *, patient: bool) -> dict[Key, _Found]:
        """Asks for the first one alone: where there is no list, there is none for the others."""
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
        """Says whether the server has the list of runs, so that a run which isn't there isn't there."""
        try:
            await self._client.getitem(runs, {"limit": 1})
        except ForgejoError as fault:
            if patient and passing(fault):
                raise
            return False
        return True

    def _of_list(self, nothing: RunSeen, said: Runs) -> RunSeen:
        """A server that doesn't understand the number lists other runs, which says nothing of the one asked for."""
        run = next((run for run in said.workflow_runs if run.run_number == nothing.number), None)
        if run is not None:
            return self._seen(nothing, run)
        if said.workflow_runs:
            return nothing.model_copy(update={"unknown": "the server lists other runs than the one asked for"})
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
        """What list and tasks say together. Only tasks that can be read prove that the server lacks the list."""
        seen = listed.seen
        if listed.lacking and tasks.fault:
            return seen.model_copy(update={"unknown": seen.unknown or tasks.fault})
        if listed.lacking:
            self._lacks.keep("", True, LACKING)
            return self._kept(key, self._of_tasks(seen, tasks))
        if not listed.told or tasks.fault:
            return seen
        mine = tasks.of(seen.number)
        if seen.status == "waiting" and not mine and tasks.whole:
            return seen.model_copy(update={"status": "stuck"})
        return self._kept(key, seen.model_copy(update={"started_at": _beginning(mine)}))

    def _of_tasks(self, nothing: RunSeen, tasks: Tasks) -> RunSeen:
        nothing = nothing.model_copy(update={"endpoint": tasks.endpoint, "unknown": ""})
        if not nothing.number:
            return nothing.model_copy(
                update={"unknown": "this server tells no run by its id; name the run by its number"}
            )
        mine = tasks.of(nothing.number)
        if not mine and tasks.whole:
            return nothing.model_copy(update={"status": "missing"})
        if not mine:
            return nothing.model_copy(update={"unknown": f"it isn't among the newest {SIZE * PAGES} tasks"})
        seen = self._seen(nothing, mine[0])
        return seen.model_copy(update={"id": 0, "status": _status(mine), "started_at": _beginning(mine)})

    def _kept(self, key: Key, seen: RunSeen) -> RunSeen:
        return self._known.keep(key, seen, FRESH) if seen.status in SETTLED and not seen.unknown else seen


def _unknown(nothing: RunSeen, fault: ForgejoError, *, patient: bool) -> RunSeen:
    """Gives the run as unknown because of a fault; raises the fault where patience may help."""
    if patient and passing(fault):
        raise fault
    return nothing.model_copy(update={"unknown": str(fault)})


def _key(repository: str, run: EvidenceRun) -> Key:
    return repository, run.number, 0 if run.number else run.id


def _status(tasks: Sequence[Run]) -> str:
    """A run succeeded only if all its tasks did; what failed comes before what hasn't ended."""
    found = [task.status or "unknown" for task in tasks]
    worst = [one for one in ("failure", "cancelled") if one in found]
    open_ = [one for one in found if one not in SETTLED]
    return next(iter((*worst, *open_)), "skipped" if "skipped" in found else "success")


def _beginning(tasks: Sequence[Run]) -> datetime | None:
    """Forgejo writes the start of the epoch for what hasn't begun."""
    moments = [
        task.run_started_at if task.run_started_at and task.run_started_at.timestamp() > 0 else task.created_at
        for task in tasks
    ]
    return min((moment for moment in moments if moment), default=None)
