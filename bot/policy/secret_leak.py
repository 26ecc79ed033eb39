"""The policy of the secret-leak check."""

from pydantic import Field

from bot.policy.parts import Fingerprint, Mode, Section


class Accepted(Section):
    """A finding that an operator accepted as harmless."""

    fingerprint: Fingerprint = Field(description="The finding's fingerprint from the report.")
    reason: str = Field(min_length=3, max_length=300, description="Why it is harmless, for the next reader.")


class SecretLeakPolicy(Section):
    """The secret-leak check: enabled by default."""

    mode: Mode = Field(default="block", description="Effect of a leaked secret on the verdict.")
    accept: tuple[Accepted, ...] = Field(default=(), description="Findings that were checked and are harmless.")
