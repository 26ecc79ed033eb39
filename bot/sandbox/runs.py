"""Runs of Forgejo's Actions, and their tasks: a run has a task for each job that a runner took."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(eq=False)
class ActionTask:
    """A job that a runner took."""

    id: int
    status: str
    started: datetime


@dataclass(eq=False)
class ActionRun:
    """A run: its id is the API's, its number is what people see."""

    id: int
    number: int
    workflow: str
    commit: str
    branch: str
    status: str
    tasks: list[ActionTask] = field(default_factory=list)
