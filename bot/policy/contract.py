"""The policy of the contract check: what a pull request's description has to say, and what repositories call things."""

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
"""The sections of a description, as the policy calls them."""

Alias = Annotated[str, Field(min_length=2, max_length=MAX_ALIAS)]

CANARY = ("canary", "canary (*", "* / canary", "* / canary (*", "*/canary")
"""A job called `canary`, in whatever workflow; the other jobs of such a workflow are no canary."""


class RequiredSections(Section):
    """The sections that have to be there, where a repository asks for others than usual."""

    lite: tuple[SectionName, ...] | None = Field(default=None, description="For documentation alone.")
    stacked: tuple[SectionName, ...] | None = Field(
        default=None, description="For what goes into another branch than the default one."
    )
    full: tuple[SectionName, ...] | None = Field(default=None, description="For everything else.")


class ContractPolicy(Section):
    """The contract check: off until the policy names it."""

    mode: Mode = Field(default="off", description="What a description that doesn't keep the contract does.")
    aliases: dict[SectionName, Annotated[tuple[Alias, ...], Field(max_length=MAX_ENTRIES)]] = Field(
        default_factory=dict, description="Other headings that stand for a section, beside those that are known."
    )
    required: RequiredSections = Field(
        default_factory=RequiredSections, description="Sections that have to be there, tier by tier."
    )
    canary: tuple[TextPattern, ...] = Field(
        default=CANARY,
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for the contexts of commit statuses that are the canary.",
    )
    runtime: tuple[PathPattern, ...] = Field(
        default=(), max_length=MAX_ENTRIES, description="Paths, as in `.gitignore`, of what runs somewhere."
    )
    generated: tuple[PathPattern, ...] = Field(
        default=(),
        max_length=MAX_ENTRIES,
        description="Paths of files that nobody writes by hand, beside lock files and others that are known.",
    )
    gates: tuple[TextPattern, ...] = Field(
        default=("*-approved",),
        max_length=MAX_ENTRIES,
        description="Patterns with `*` and `?` for phrases by which an operator opens a gate.",
    )
