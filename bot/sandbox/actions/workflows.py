"""Workflow files as a dispatch reads them: the jobs that a run will have, and the inputs that somebody gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.sandbox.actions.lifecycle import JobPlan

FORGEJO = (".forgejo/workflows", ".gitea/workflows", ".github/workflows")
GITEA = (".gitea/workflows", ".github/workflows")


class MissingInput(Exception):
    """An input that has to be given wasn't; the text is its description."""


@dataclass(frozen=True)
class Workflow:
    """A workflow file, as far as a dispatch needs it."""

    path: str
    title: str
    jobs: tuple[JobPlan, ...]
    dispatchable: bool
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def filled(self, given: Mapping[str, str], *, strict: bool) -> dict[str, str]:
        """The inputs with their defaults; unknown ones are dropped. Raises MissingInput where that is asked for."""
        values = {}
        for name, about in self.inputs.items():
            if strict and about.get("required") and not given.get(name):
                raise MissingInput(str(about.get("description", name)))
            values[name] = given.get(name, _word(about.get("default", "")))
        return values


def parse(path: str, content: bytes) -> Workflow | None:
    """The workflow in a file, or None where it is none."""
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("jobs"), dict):
        return None
    # YAML 1.1 reads the key `on` as true
    events = raw.get("on", raw.get(True))
    dispatch = events.get("workflow_dispatch") if isinstance(events, dict) else None
    inputs = dispatch.get("inputs") if isinstance(dispatch, dict) else None
    jobs = tuple(_job(str(name), job) for name, job in raw["jobs"].items())
    title = str(raw.get("name") or path.rpartition("/")[2])
    return Workflow(path, title, jobs, "workflow_dispatch" in (events or ()), inputs or {})


def _job(name: str, job: object) -> JobPlan:
    about = job if isinstance(job, dict) else {}
    needs = about.get("needs") or ()
    steps = about.get("steps") or [{}]
    first = steps[0] if isinstance(steps[0], dict) else {}
    step = first.get("name") or str(first.get("run", "Run")).strip().replace("\n", "\\n")
    return JobPlan(name, (needs,) if isinstance(needs, str) else tuple(needs), str(step))


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
