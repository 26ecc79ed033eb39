"""The policy of the contract check: what a pull request's description must contain, and a repository's own names."""

from typing import Annotated, Literal

from pydantic import Field

from bot.policy.labels import MAX_ENTRIES, PathPattern, TextPattern
from bot.policy.parts import Mode, Section

MAX_ALIAS = 100

SectionName = Literal[
    "product-story",
    "what-changed",
    "why-it-changed",
    "files-touched",
    "relevant-context",
    "runtime-evidence",
    "known-constraints",
    "out-of-scope",
    "requested-decision",
    "merge-blockers",
    "spec-sources-read",
    "validation",
    "red-team",
]
"""The policy's names of a description's sections."""

Alias = Annotated[str, Field(min_length=2, max_length=MAX_ALIAS)]

CANARY = ("canary", "canary (*", "* / canary", "* / canary (*", "*/canary")
"""A job called `canary`, in any workflow; the other jobs of that workflow are not the canary."""


class RequiredSections(Section):
    """The required sections, if a repository does not use the defaults."""

    lite: tuple[SectionName, ...] | None = Field(
        default=None, description="Required sections in tier lite: documentation only."
    )
    stacked: tuple[SectionName, ...] | None = Field(
        default=None, description="Required sections in tier stacked: the base is not the default branch."
    )
    full: tuple[SectionName, ...] | None = Field(
        default=None, description="Required sections in tier full: everything else."
    )


class ContractPolicy(Section):
    """The contract check: off by default."""

    mode: Mode = Field(default="off", description="Effect of a description that violates the contract on the verdict.")
    aliases: dict[SectionName, Annotated[tuple[Alias, ...], Field(max_length=MAX_ENTRIES)]] = Field(
        default_factory=dict, description="Additional headings for a section."
    )
    required: RequiredSections = Field(default_factory=RequiredSections, description="Required sections, per tier.")
    canary: tuple[TextPattern, ...] = Field(
        default=CANARY,
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for the status contexts of the canary.",
    )
    runtime: tuple[PathPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns as in `.gitignore` for files that affect running systems.",
    )
    generated: tuple[PathPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Patterns as in `.gitignore` for generated files, in addition to lock files and other known ones.",
    )
    gates: tuple[TextPattern, ...] = Field(
        default=("*-approved",),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for phrases that open a gate.",
    )
