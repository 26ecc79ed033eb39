"""The payload `soak.state.v1`: the state of one soak, its evidence, and the next step."""

from datetime import datetime
from typing import Any, Literal

from bot.model import Value

SCHEMA = "soak.state.v1"
BEGIN = f"<!-- {SCHEMA} -->"
END = f"<!-- /{SCHEMA} -->"

StateName = Literal[
    "not-started",
    "installed",
    "soaking",
    "threshold-met",
    "audited",
    "awaiting-operator",
    "approved",
    "removed",
    "closed",
    "blocked",
]
ORDER: tuple[StateName, ...] = (
    "not-started",
    "installed",
    "soaking",
    "threshold-met",
    "audited",
    "awaiting-operator",
    "approved",
    "removed",
    "closed",
)
"""The states in their order; `blocked` is outside of it."""

Standing = Literal["verified", "attested", "claimed", "contradicted", "unverifiable", "pending"]
"""How certain a fact is; a `pending` one will be looked up again."""


class Fact(Value):
    """One fact of evidence, its standing, and its source: an endpoint or an account."""

    name: str
    standing: Standing
    says: str
    by: str = ""


class Row(Value):
    """One piece of evidence with its facts. `index` numbers the payloads of a comment; prose has -1.

    `counts`: the state depends on it now; `why` says as what it counts, or why it does not.
    """

    comment: int
    index: int
    kind: str
    by: str
    at: datetime
    module: str = ""
    run: int = 0
    url: str = ""
    counts: bool = False
    why: str = ""
    facts: tuple[Fact, ...] = ()


class Criterion(Value):
    """The requirement of a state, what exists so far, and the comments with the evidence."""

    state: StateName
    need: str
    have: str
    met: bool
    comments: tuple[int, ...] = ()


class Transition(Value):
    """The change to a state, its reason, and the comment that caused it (0: a merge or the time caused it)."""

    to: StateName
    at: datetime
    why: str
    comment: int = 0


class GateState(Value):
    """The operator's phrase, and the comment that opened the gate, if any."""

    phrase: str
    open: bool = False
    by: str = ""
    at: datetime | None = None
    comment: int = 0


class Next(Value):
    """The next step: who has to do what, and the earliest time."""

    who: str
    what: str
    earliest: datetime | None = None


class FollowUp(Value):
    """A pull request that the soak waits for (a prerequisite or the report), and its state."""

    pull: int
    role: Literal["prerequisite", "report"]
    state: str
    merged_at: datetime | None = None


class SoakState(Value):
    """The state of one soak. `since` is when it was reached; the required days count from `first_smoke`."""

    soak: str
    issue: int
    state: StateName
    since: datetime | None = None
    first_smoke: datetime | None = None
    why: str
    criteria: tuple[Criterion, ...] = ()
    evidence: tuple[Row, ...] = ()
    transitions: tuple[Transition, ...] = ()
    gate: GateState | None = None
    next: Next
    alarms: tuple[str, ...] = ()
    follow_up: tuple[FollowUp, ...] = ()

    def content(self) -> dict[str, Any]:
        """Return the payload as JSON values."""
        return {"schema": SCHEMA, **self.model_dump(mode="json")}
