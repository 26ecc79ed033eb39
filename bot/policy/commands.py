"""The policy of the slash commands."""

from typing import Annotated

from pydantic import Field

from bot.policy.parts import Section, Switch

Word = Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,39}$")]


class CommandsPolicy(Section):
    """Slash commands: enabled by default."""

    mode: Switch = Field(default="on", description="Whether slash commands are enabled.")
    others: tuple[Word, ...] = Field(
        default=(), description="Commands of other bots, without the slash; they are ignored."
    )
