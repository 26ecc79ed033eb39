"""The policy of the merge classification: what has to be there before a pull request may be merged without a human."""

from typing import Annotated

from pydantic import Field

from bot.policy.parts import Section, Switch

Context = Annotated[str, Field(min_length=1, max_length=200)]


class MergePolicy(Section):
    """The merge classification: off until the policy switches it on."""

    mode: Switch = Field(default="off", description="Whether pull requests get one of the `merge/` labels.")
    auto: Switch = Field(default="on", description="Whether `merge/auto` is given at all; off: a human always merges.")
    approvals: int = Field(default=1, ge=0, le=20, description="How many approving reviews have to stand on the head.")
    contexts: tuple[Context, ...] = Field(
        default=(),
        max_length=100,
        description="Contexts that have to be green beside those that the base branch's protection asks for; "
        "`*` and `?` stand for anything.",
    )
