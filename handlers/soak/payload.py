"""The payload `soak.state.v1`: where one soak stands, on what evidence, and what comes next."""

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
"""The way of a soak; `blocked` stands beside it."""

Standing = Literal["verified", "attested", "claimed", "contradicted", "unverifiable", "pending"]
"""How sure a fact is; `pending` ones can be asked again soon."""


class Fact(Value):
    """One thing that evidence says, how sure it is, and by what: an endpoint, an account, or the reason."""

    name: str
    standing: Standing
    says: str
    by: str = ""


class Row(Value):
    """One piece of evidence with its facts. `index` counts the payloads of one comment; prose has none (-1).

    `counts`: it bears the state now; `why` says as what, or why not.
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
    """What a state asks for, what there is of it, and which comments it rests on."""

    state: StateName
    need: str
    have: str
    met: bool
    comments: tuple[int, ...] = ()


class Transition(Value):
    """How a state was reached, and by which comment (0: by none, as a merge or time did it)."""

    to: StateName
    at: datetime
    why: str
    comment: int = 0


class GateState(Value):
    """The operator's phrase, and the comment that opened the gate, if one has."""

    phrase: str
    open: bool = False
    by: str = ""
    at: datetime | None = None
    comment: int = 0


class Next(Value):
    """Who has to do what next, and not before when."""

    who: str
    what: str
    earliest: datetime | None = None


class FollowUp(Value):
    """A pull request that the soak waits for: a prerequisite or the report, and how it stands."""

    pull: int
    role: Literal["prerequisite", "report"]
    state: str
    merged_at: datetime | None = None


class SoakState(Value):
    """Where one soak stands. `since` is when the state was reached; `first_smoke` begins the days that are counted."""

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
        """Gives the payload as JSON's own kinds of values."""
        return {"schema": SCHEMA, **self.model_dump(mode="json")}
