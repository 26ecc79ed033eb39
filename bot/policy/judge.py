"""The policy of the judge."""

from typing import Annotated, Literal

from pydantic import Field

from bot.policy.parts import Login, Section, Switch

AgentName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]


class Candidates(Section):
    """The names of the team's agents, as they stand in `judge/NAME-candidate` and in what people read."""

    code: AgentName = Field(default="code", description="Who writes code and fixes bugs.")
    docs: AgentName = Field(default="docs", description="Who writes documentation and does research.")
    findings: AgentName = Field(default="findings", description="Who reviews changes and fixes what checks find.")


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
    name: str = Field(
        default="assaymaster",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$",
        description="The judge's name in its payload and above its comment.",
    )
    candidates: Candidates = Field(default_factory=Candidates)
    comment: Literal["report", "own"] = Field(
        default="report",
        description="Where the judgment of a pull request is: in the report, or in a comment of its own.",
    )
    stale_days: int = Field(
        default=30, ge=1, le=3650, alias="stale-days", description="Days until a judgment is marked as stale."
    )
    renew: Switch = Field(default="off", description="Whether the bot renews its own stale judgments automatically.")
