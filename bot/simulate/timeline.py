"""The contents of a soak's image, read from `soak.state.v1`: events with their times, and the states."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ORDER = (
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
KINDS = ("install", "smoke", "audit", "removal")
MAX_POINTS = 200


@dataclass(frozen=True)
class Point:
    """One event: a piece of evidence, or the operator's phrase; `words` is its text alternative."""

    kind: str
    at: datetime
    counts: bool
    words: str


def points(state: Mapping[str, Any]) -> list[Point]:
    """Return the events, oldest first: all evidence, also what does not count, and the operator's phrase."""
    found = [*(_point(row) for row in state["evidence"] if row["kind"] in KINDS), *_phrase(state)]
    kept = sorted(found, key=lambda one: (not one.counts, one.at))[:MAX_POINTS]
    return sorted(kept, key=lambda one: one.at)


def steps(state: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each state with its mark (reached, current, blocked, open), and its time and reason."""
    return list(_steps(state))


def _steps(state: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    stand, name = _reached(state), state["state"]
    blocked = name == "blocked"
    here = max((ORDER.index(one) for one in stand if one in ORDER), default=0) if blocked else ORDER.index(name)
    for place, one in enumerate(ORDER):
        if one not in _way(state):
            continue
        if place < here or (blocked and place == here):
            yield "reached", one, _reason(stand.get(one))
        elif place == here:
            yield "current", one, _reason(stand.get(one))
        else:
            yield "open", one, _to_come(state, one)
        if blocked and place == here:
            yield "blocked", "blocked", _reason(stand.get("blocked")) or state["why"]


def _way(state: Mapping[str, Any]) -> set[str]:
    """Return the states of the soak: without a phrase there is no approval, without a report it is never closed."""
    asked = {one["state"] for one in state["criteria"]} | {state["state"]}
    left_out = set() if state["gate"] else {"awaiting-operator", "approved"}
    left_out |= set() if "closed" in asked else {"closed"}
    return {*ORDER} - left_out | {state["state"]}


def _reached(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the last transition to each state still reached: a step back removes all later states."""
    found: dict[str, Any] = {}
    for one in state["transitions"]:
        if one["to"] in ORDER:
            rank = ORDER.index(one["to"])
            found = {name: step for name, step in found.items() if name in ORDER and ORDER.index(name) < rank}
        found[one["to"]] = one
    return found


def _point(row: Mapping[str, Any]) -> Point:
    at = _moment(row["at"])
    about = f" of {row['module']}" if row["module"] else ""
    run = f", run {row['run']}" if row["run"] else ""
    words = f"{at:%Y-%m-%d %H:%M} UTC: {row['kind']}{about}{run}: {row['why']}"
    return Point(row["kind"], at, counts=bool(row["counts"]), words=words)


def _phrase(state: Mapping[str, Any]) -> Iterator[Point]:
    gate = state["gate"]
    if gate and gate["at"]:
        at = _moment(gate["at"])
        words = f"{at:%Y-%m-%d %H:%M} UTC: {gate['by']} wrote {gate['phrase']}"
        yield Point("phrase", at, counts=bool(gate["open"]), words=words)


def _reason(step: Mapping[str, Any] | None) -> str:
    return f"{_moment(step['at']):%Y-%m-%d %H:%M}  {step['why']}" if step else ""


def _to_come(state: Mapping[str, Any], name: str) -> str:
    before = [_moment(one["at"]) for one in state["transitions"] if one["to"] == name]
    if before:
        return f"reached {before[-1]:%Y-%m-%d}, then reverted"
    earliest = state["next"]["earliest"]
    due = name == "audited" and state["state"] == "threshold-met" and earliest
    return f"not before {_moment(earliest):%Y-%m-%d %H:%M}" if due else ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
