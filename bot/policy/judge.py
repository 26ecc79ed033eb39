"""The policy of the judge."""

from pydantic import Field

from bot.policy.parts import Login, Section, Switch


class JudgePolicy(Section):
    """The judge: on without any policy, by its rules alone."""

    mode: Switch = Field(default="on", description="Whether open issues and pull requests are judged.")
    model: str = Field(
        default="",
        max_length=100,
        description="The name of a model in the bot's own settings that judges beside the rules; empty: rules alone.",
    )
    judges: tuple[Login, ...] = Field(
        default=(), description="Accounts whose `openclaw.judge.v0` payloads are applied in place of the bot's own."
    )
    stale_days: int = Field(
        default=30, ge=1, le=3650, alias="stale-days", description="Days after which a judgment is marked as stale."
    )
    renew: Switch = Field(
        default="off", description="Whether the bot judges anew by itself what its own judgment has become stale for."
    )
