"""What was observed about a target at one moment: what judgments read, what they remember, what is the bot's own."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from bot.model.inputs import Inputs
from bot.model.observed import LabelSeen, StatusSeen
from bot.model.preview import Preview
from bot.model.words import Target, Value, canonical, digest
from bot.policy import Policy


class OwnComment(Value):
    """A comment of the bot's account. Somebody else may have written into it, so only hashes of it are kept.

    `content_hash` leaves the footer out.
    """

    id: int
    purpose: str
    body_hash: str
    content_hash: str


class Intent(Value):
    """A write that was started and not answered: its value, and when it was sent (unknown for those of version 0.1)."""

    value: str
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.value}@{int(self.at.timestamp())}" if self.at else self.value


def intents(text: str) -> tuple[Intent, ...]:
    """Return the intents in a stored text, oldest first."""
    parts = [word.partition("@") for word in text.split()]
    return tuple(Intent(value=value, at=datetime.fromtimestamp(int(at), UTC) if at else None) for value, _, at in parts)


class Held(Value):
    """What the ledger says the bot wrote at one place (`comment:report`, `label:NAME`, `status:SHA:CONTEXT`).

    `value` is the last confirmed write; `intended` are those that were not answered, `VALUE@SECONDS`, separated by
    spaces.
    """

    object: str
    value: str = ""
    intended: str = ""
    evidence: str = ""
    remote_id: int | None = None
    written_at: datetime | None = None

    @property
    def possible(self) -> frozenset[str]:
        """Gives every value of the bot that may be on the server."""
        return frozenset({self.value, *self.unanswered})

    @property
    def unanswered(self) -> frozenset[str]:
        """Gives the values of the writes that were not answered."""
        return frozenset(one.value for one in intents(self.intended))


class Restored(Value):
    """How often one thing was changed by others and put back: in the last day, and in all."""

    object: str
    what: str
    today: int
    total: int
    last_at: datetime


class SiblingVerdict(Value):
    """What a check said of the same commit for another open pull request."""

    check: str
    number: int
    state: str
    description: str
    target_url: str


class Own(Value):
    """What the bot and others did to the bot's own things; only apply reads it."""

    account: str
    account_id: int = 0
    can_write: bool = True
    quiet: bool = False
    url: str = ""
    comments: tuple[OwnComment, ...] = ()
    labels: tuple[LabelSeen, ...] = ()
    statuses: tuple[StatusSeen, ...] = ()
    held: tuple[Held, ...] = ()
    restored: tuple[Restored, ...] = ()
    siblings: tuple[SiblingVerdict, ...] = ()

    def posted(self, status: StatusSeen) -> bool:
        """Say whether the bot posted a status. Only the account's id proves it; snapshots of version 0.1 have none."""
        return status.creator_id == self.account_id if self.account_id else status.creator == self.account

    def comments_for(self, purpose: str) -> list[OwnComment]:
        """Gives the bot's comments for a purpose: the one in the ledger first, then by age.

        An older comment may be a forgery.
        """
        held = self.held_at(f"comment:{purpose}")
        known = held.remote_id if held else None
        mine = (own for own in self.comments if own.purpose == purpose)
        return sorted(mine, key=lambda own: (own.id != known, own.id))

    def held_at(self, name: str) -> Held | None:
        """Gives what the bot holds at a place, if anything."""
        return next((held for held in self.held if held.object == name), None)


class Judgment(Value):
    """A judgment that a check made earlier: its own words for it, and the hash of what it rested on.

    One that `replaces` is kept in place of the check's earlier ones, for it has all that they had.
    """

    check: str
    at: datetime
    basis: Annotated[str, Field(validation_alias=AliasChoices("basis", "ground"))]
    content: dict[str, Any]
    replaces: bool = False


class Call(Value):
    """What a check asks an operator to do: verb and object."""

    check: str
    action: str


class Memory(Value):
    """What checks know beside what they judge by, outside the hash: it moves without any judgment becoming another.

    `permissions` says what Forgejo lets those do (none, read, write, admin, owner) who wrote commands that nobody has
    taken yet; `defined` are the labels on the server, if such a command is about labels. `judgments` are earlier ones,
    oldest first; `updated_at` is Forgejo's, which the bot's writes move too.
    `policies` name the policy files that wait for an operator: this head's, and the default branch's.
    `verdicts` is what the checks before this one say in this very pass, of those that have a status; `calls` is what
    they ask the operator for.
    """

    updated_at: datetime | None = None
    permissions: dict[str, str] = Field(default_factory=dict)
    defined: tuple[str, ...] = ()
    judgments: tuple[Judgment, ...] = ()
    preview: Preview | None = None
    policies: tuple[str, ...] = ()
    verdicts: dict[str, str] = Field(default_factory=dict)
    calls: tuple[Call, ...] = ()


class Snapshot(Value):
    """What was observed about a target at one moment. `hash` covers target, inputs and policy."""

    target: Target
    taken_at: datetime
    inputs: Inputs
    policy: Policy
    policy_problems: tuple[str, ...] = ()
    policy_notes: tuple[str, ...] = ()
    memory: Memory = Memory()
    own: Own

    @cached_property
    def hash(self) -> str:
        """Gives `sha256:` and the SHA-256 of the canonical JSON of what judgments read."""
        content = self.model_dump(
            mode="json", include={"target", "inputs", "policy", "policy_problems", "policy_notes"}
        )
        return digest(canonical(content))
