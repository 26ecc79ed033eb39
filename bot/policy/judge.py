"""The policy of the judge."""

from typing import Literal

from pydantic import Field

from bot.policy.parts import Login, Section, Switch


class JudgePolicy(Section):
    """The judge: enabled by default, with rules only."""

    mode: Switch = Field(default="on", description="Whether open issues and pull requests are judged.")
    model: str = Field(
        default="",
        max_length=100,
        description="A model of the bot's settings that judges in addition to the rules; empty: rules only.",
    )
    judges: tuple[Login, ...] = Field(
        default=(), description="Accounts whose `openclaw.judge.v0` payloads replace the bot's own judgment."
    )
    comment: Literal["report", "own"] = Field(
        default="report",
        description="Where the judgment of a pull request is: in the report, or in a comment of its own.",
    )
    stale_days: int = Field(
        default=30, ge=1, le=3650, alias="stale-days", description="Days until a judgment is marked as stale."
    )
    renew: Switch = Field(default="off", description="Whether the bot renews its own stale judgments automatically.")
