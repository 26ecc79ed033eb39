"""The policy of soaks and gates: what must be proven before an operator opens the next step, and the phrases."""

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
    """Files and names that must not change before the gate is open."""

    paths: Annotated[tuple[PathPattern, ...], Field(max_length=MAX_ENTRIES)] = Field(
        default=(), description="Patterns as in `.gitignore` for files that must not change before the gate is open."
    )
    names: Annotated[tuple[Name, ...], Field(max_length=MAX_ENTRIES)] = Field(
        default=(),
        description="Names, such as variables, that no changed line of code may contain before the gate is open.",
    )


class Audit(Section):
    """The audit of the logs at the end of a soak."""

    hours: int = Field(default=24, ge=1, le=10_000, description="Minimum hours of the audit's window.")
    logs: int = Field(default=1, ge=1, le=1_000_000, description="Minimum number of logs in the audit.")


class SoakPolicy(Section):
    """One soak: what a change has to prove, for how long, and what waits for it."""

    name: SoakName = Field(description="The soak's name, used in evidence.")
    issue: Number = Field(description="The tracking issue: evidence and the gate phrase are comments on it.")
    prerequisites: tuple[Number, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Pull requests that must be merged and contained in the commit of every counted run.",
    )
    marker: Marker | None = Field(default=None, description="The text that every run's log must contain.")
    forbidden: tuple[Marker, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Texts that no log may contain."
    )
    smokes: int = Field(default=3, ge=1, le=100, description="Required number of counted runs.")
    modules: tuple[Module, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Modules that must each have a counted run."
    )
    days: float = Field(default=7, ge=0, le=3650, description="Minimum days from the first counted run to the audit.")
    audit: Audit = Field(default_factory=Audit, description="Requirements for the audit.")
    evidence_from: tuple[Login, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Accounts whose evidence counts; empty: accounts with write access.",
    )
    gate: Phrase | None = Field(default=None, description="The phrase with which an operator opens the next step.")
    gate_on: tuple[Number, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Pull requests on which the phrase counts too."
    )
    report: Number | None = Field(default=None, description="The pull request whose merge closes the soak.")
    protects: Protected = Field(default_factory=Protected, description="Files and names that wait for the gate.")
    on_failure: Literal["reset", "block"] = Field(
        default="reset",
        description="Whether a failed run restarts the soak, or blocks it until an operator restarts it.",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.marker and any(one in self.marker for one in self.forbidden):
            raise ValueError("`marker` contains a forbidden text, so no run could count; change one of them")
        if len(self.modules) > self.smokes:
            raise ValueError(
                f"`smokes` is {self.smokes}, but there are {len(self.modules)} modules; raise `smokes` to that number"
            )
        return self


class GatePolicy(Section):
    """A gate without a soak: a step that only an operator can open."""

    phrase: Phrase = Field(description="The phrase that the operator writes on a line of its own.")
    targets: tuple[Number, ...] = Field(
        min_length=1, max_length=MAX_ENTRIES, description="Issues and pull requests on which the phrase counts."
    )
    about: str = Field(default="", max_length=200, description="A short description of what the gate opens.")
    protects: Protected = Field(default_factory=Protected, description="What waits for the gate.")
