"""What a check is, and what it may use beside its snapshot."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from bot.model.report import Report
from bot.model.snapshot import Snapshot
from bot.model.words import Kind


class NoAnswer(RuntimeError):
    """A model gave no answer that can be used; the text says why, and quotes nothing of it."""


@dataclass(frozen=True)
class Question:
    """What a model is asked: our `task`, somebody's `material` as nothing but data, and the form of the answer.

    `model` is a name in the process's settings; a policy names it, and never an address.
    """

    model: str
    task: str
    material: str
    answer: type[BaseModel]


class KnownLabels(Protocol):
    """The declared labels, as checks need to know them."""

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all declared labels."""

    def exclusive_peers(self, name: str) -> tuple[str, ...]:
        """Return the labels that exclude this one."""

    def is_decision(self, name: str) -> bool:
        """Return whether this label is in a decision group."""


@dataclass(frozen=True)
class Tools:
    """What a check may use beside its snapshot: the clock, the declared labels, and the models.

    `ask` gives an instance of the question's `answer`, and raises NoAnswer.
    """

    now: Callable[[], datetime]
    labels: KnownLabels
    ask: Callable[[Question], Awaitable[BaseModel]]


@dataclass(frozen=True)
class Check:
    """A named pure function from snapshots of some kinds and states (`open`, `draft`, `closed`) to reports.

    `labels` are the labels that it may set, so that a linter can check that all are declared. `tables` are parts of the
    documentation that the check generates, in Markdown, by name; `readers` are its functions for single lines, for the
    command line. `guards`: every open head gets a status of this check, `error` if the head could not be evaluated.
    """

    name: str
    on: frozenset[Kind]
    assess: Callable[[Snapshot, Tools], Awaitable[Report]]
    states: frozenset[str] = frozenset({"open", "draft", "closed"})
    labels: tuple[str, ...] = ()
    guards: bool = True
    tables: Mapping[str, str] = field(default_factory=dict, compare=False)
    readers: Mapping[str, Callable[[str], object]] = field(default_factory=dict, compare=False)
