"""The labels of soaks: those of a tracking issue by its state, and those of a pull request that depends on a soak."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.model import Snapshot
from handlers.soak.payload import ORDER, StateName
from handlers.soak.state.machine import Soak

if TYPE_CHECKING:
    from handlers.soak.pull_rules import Pull

NEEDS = "status:needs-evidence"
OPERATOR = "status:operator-needed"
PENDING = "status:merged:pending-evidence"
BLOCKED = "status:blocked"
ESCALATED = "judge/operator-needed"
CUTOVER = "cutover-gate"
DECIDE = "needs-operator-decision"
WAITS = (OPERATOR, DECIDE, ESCALATED)
"""Labels that call the operator."""

OF_STATE: dict[StateName, tuple[str, ...]] = {
    "not-started": (NEEDS, CUTOVER, "observed/pending"),
    "installed": (NEEDS, CUTOVER, "observed/pending"),
    "soaking": (NEEDS, CUTOVER, "observed/used"),
    "threshold-met": (NEEDS, CUTOVER, "observed/used"),
    "audited": (NEEDS, "observed/retire-candidate"),
    "awaiting-operator": (*WAITS, CUTOVER, "observed/retire-candidate"),
    "approved": (NEEDS, "observed/retire-candidate"),
    "removed": ("observed/needs-followup",),
    "closed": ("observed/unused",),
    "blocked": (*WAITS, BLOCKED, CUTOVER, "observed/erroring"),
}
"""The labels of each state; a soak without a phrase never gets `cutover-gate`."""

OBSERVED = tuple(
    f"observed/{word}" for word in ("erroring", "needs-followup", "retire-candidate", "used", "pending", "unused")
)
"""The most urgent first: an issue with several soaks gets only the first of these."""
LABELS = (NEEDS, OPERATOR, PENDING, BLOCKED, ESCALATED, CUTOVER, DECIDE, *OBSERVED)


@dataclass(frozen=True)
class Marks:
    """Labels on and off, and the basis of each."""

    labels: dict[str, bool]
    all_soak_inputs: dict[str, str]


def of_issue(snapshot: Snapshot, soaks: Sequence[Soak]) -> Marks:
    """Return the labels of an issue that tracks soaks."""
    wanted = {name for soak in soaks for name in _of(soak)}
    shown = next((name for name in OBSERVED if name in wanted), "")
    wanted -= {name for name in OBSERVED if name != shown}
    # The judge sets its own label, unless it is disabled.
    names = [name for name in LABELS if name != ESCALATED or snapshot.policy.judge.mode == "off"]
    return _marks(names, wanted, soaks)


def of_pull(pull: "Pull") -> Marks:
    """Return the labels of a pull request: for protected content touched too early, and for a merge not proven yet."""
    wanted, snapshot = set[str](), pull.snapshot
    merged, number = snapshot.inputs.state == "merged", snapshot.target.number
    for soak in pull.soaks:
        policy = soak.inputs.soak
        if merged and number in policy.prerequisites and soak.rank < ORDER.index("threshold-met"):
            wanted.add(PENDING)
        if snapshot.inputs.state == "open" and pull.touching[policy.name] and not soak.open:
            wanted |= {CUTOVER, NEEDS} if soak.name != "awaiting-operator" else {CUTOVER, DECIDE}
    return _marks((PENDING, CUTOVER, NEEDS, DECIDE), wanted, pull.soaks)


def asks(soak: Soak) -> bool:
    """Return whether the soak waits for the operator."""
    return soak.name in {"awaiting-operator", "blocked"} or bool(soak.alarms)


def _of(soak: Soak) -> Iterable[str]:
    alarmed = WAITS if soak.alarms else ()
    return (name for name in (*OF_STATE[soak.name], *alarmed) if name != CUTOVER or soak.inputs.soak.gate)


def _marks(names: Sequence[str], wanted: set[str], soaks: Sequence[Soak]) -> Marks:
    inputs = "\n".join(f"{soak.inputs.soak.name} {soak.name}" for soak in soaks)
    return Marks({name: name in wanted for name in names}, dict.fromkeys(names, inputs))
