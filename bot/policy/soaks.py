"""The policy of soaks and gates: what has to prove itself before an operator opens the next step, and the phrases."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.policy.labels import MAX_ENTRIES, PathPattern
from bot.policy.parts import Login, Section

MAX_SOAKS = 20
MAX_GATES = 50

SoakName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]
Phrase = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{5,99}$")]
Number = Annotated[int, Field(ge=1, le=10**9)]
Marker = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^[^\r\n]+$")]
Name = Annotated[str, Field(min_length=3, max_length=100, pattern=r"^\S+$")]
Module = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,59}$")]


class Protected(Section):
    """What nobody touches before the gate is open."""

    paths: Annotated[tuple[PathPattern, ...], Field(max_length=MAX_ENTRIES)] = Field(
        default=(), description="Patterns as in `.gitignore` for files that wait for the gate."
    )
    names: Annotated[tuple[Name, ...], Field(max_length=MAX_ENTRIES)] = Field(
        default=(), description="Names, such as of variables, that no changed line of code may touch before."
    )


class Audit(Section):
    """The look through the logs at the end of a soak."""

    hours: int = Field(default=24, ge=1, le=10_000, description="Hours that the audit's window has at least.")
    logs: int = Field(default=1, ge=1, le=1_000_000, description="Logs that the audit has read at least.")


class SoakPolicy(Section):
    """One soak: what a change has to show, for how long, and what waits for it."""

    name: SoakName = Field(description="The soak's name; evidence names it.")
    issue: Number = Field(description="The tracking issue: evidence and phrase are comments on it.")
    prerequisites: tuple[Number, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Pull requests that must be merged, and in the commit of every run that counts.",
    )
    marker: Marker | None = Field(default=None, description="The text that every run's log must show.")
    forbidden: tuple[Marker, ...] = Field(default=(), max_length=MAX_ENTRIES, description="Texts that no log may show.")
    smokes: int = Field(default=3, ge=1, le=100, description="Runs that have to count.")
    modules: tuple[Module, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Modules, each of which has to be in a run that counts."
    )
    days: float = Field(default=7, ge=0, le=3650, description="Days from the first run that counts to the audit.")
    audit: Audit = Field(default_factory=Audit, description="What the audit has to cover.")
    evidence_from: tuple[Login, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Accounts whose evidence counts; empty: who may write here."
    )
    gate: Phrase | None = Field(default=None, description="The phrase by which an operator opens the next step.")
    gate_on: tuple[Number, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Pull requests on which the phrase counts, too."
    )
    report: Number | None = Field(default=None, description="The pull request whose merge closes the soak.")
    protects: Protected = Field(default_factory=Protected, description="What waits for the gate.")
    on_failure: Literal["reset", "block"] = Field(
        default="reset",
        description="Whether a run that fails starts the soak over, or blocks it until an operator restarts it.",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.marker and any(one in self.marker for one in self.forbidden):
            raise ValueError("a forbidden text stands in `marker` itself, so no run could ever count; make them differ")
        if len(self.modules) > self.smokes:
            raise ValueError(f"{len(self.modules)} modules don't fit in {self.smokes} smokes; ask for more smokes")
        return self


class GatePolicy(Section):
    """A gate without a soak: a step that only an operator opens."""

    phrase: Phrase = Field(description="What the operator writes on a line of its own.")
    targets: tuple[Number, ...] = Field(
        min_length=1, max_length=MAX_ENTRIES, description="Issues and pull requests on which the phrase counts."
    )
    about: str = Field(default="", max_length=200, description="What it opens, in a few words.")
    protects: Protected = Field(default_factory=Protected, description="What waits for the gate.")
