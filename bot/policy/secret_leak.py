"""The policy of the secret-leak check."""

from pydantic import Field

from bot.policy.parts import Fingerprint, Mode, Section


class Accepted(Section):
    """A finding that the operator looked at and found harmless."""

    fingerprint: Fingerprint = Field(description="The finding's fingerprint, as the report shows it.")
    reason: str = Field(min_length=3, max_length=300, description="Why it is harmless, for the next reader.")


class SecretLeakPolicy(Section):
    """The secret-leak check: on without any policy."""

    mode: Mode = Field(default="block", description="What a leaked secret does to the verdict.")
    accept: tuple[Accepted, ...] = Field(default=(), description="Findings that were looked at and are harmless.")
