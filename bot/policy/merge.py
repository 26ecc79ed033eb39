"""The policy of merges: the requirements for a merge without a human, and what follows from a bad one."""

from typing import Annotated

from pydantic import Field

from bot.policy.parts import Section, Switch

Context = Annotated[str, Field(min_length=1, max_length=200)]


class MergePolicy(Section):
    """The merge classification: off by default."""

    mode: Switch = Field(default="off", description="Whether pull requests get a `merge/` label.")
    auto: Switch = Field(default="on", description="Whether `merge/auto` is allowed; off: a human always merges.")
    approvals: int = Field(default=1, ge=0, le=20, description="Number of required approving reviews on the head.")
    agreed: str = Field(
        default="agents",
        pattern=r"^[a-z0-9][a-z0-9-]{0,40}$",
        description="Whose agreement is enough where nothing needs an operator: the label is `mode:NAME-approved`.",
    )
    contexts: tuple[Context, ...] = Field(
        default=(),
        max_length=100,
        description="Required status contexts, in addition to those of the base branch's protection; "
        "patterns with `*` and `?`.",
    )


class IncidentPolicy(Section):
    """Incidents: pull requests that were merged with a secret or with a forged success. The check is always on."""

    issue: Switch = Field(default="off", description="Whether the bot opens an issue for each incident.")
