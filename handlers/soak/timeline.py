"""Draws the timeline of a soak as text for a code block: each state with a mark, its time and its reason.

A state that was reached and then reverted is shown as still to come, with the date. No line can close the code block,
mention an account or pass for a payload.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.text import cut, visible
from handlers.soak.payload import ORDER, SoakState, StateName, Transition

WIDTH = 78
REACHED, CURRENT, TO_COME, BLOCKED = "●", "◉", "○", "✖"
NAME = max(map(len, ORDER))
TIME = len("2026-05-14 07:44")
INERT = str.maketrans({"<": "(", ">": ")", "`": "'", "@": "(at)"})
"""Replacements for characters that could close a fence, form a tag, or mention an account."""


def timeline(state: SoakState) -> str:
    """Return the lines of the timeline, at most 78 columns wide, in the order of the states."""
    return "\n".join(_lines(state))


def way(state: SoakState) -> tuple[StateName, ...]:
    """Return the states of a soak: without a phrase there is no approval, without a report it is never closed."""
    asked = {one.state for one in state.criteria} | {state.state}
    report = "closed" in asked or any(one.role == "report" for one in state.follow_up)
    left_out = {"awaiting-operator", "approved"} if state.gate is None else set()
    left_out |= set() if report else {"closed"}
    return tuple(name for name in ORDER if name not in left_out or name == state.state)


def reached(state: SoakState) -> dict[StateName, Transition]:
    """Return the last transition to each state still reached: a step back removes all later states."""
    found: dict[StateName, Transition] = {}
    for step in state.transitions:
        if step.to in ORDER:
            rank = ORDER.index(step.to)
            found = {name: one for name, one in found.items() if name in ORDER and ORDER.index(name) < rank}
        found[step.to] = step
    return found


def _lines(state: SoakState) -> Iterator[str]:
    stand, names = reached(state), way(state)
    here = _place(state, stand)
    for name in names:
        rank = ORDER.index(name)
        if rank < here or (rank == here and state.state == "blocked"):
            yield _line(REACHED, name, stand.get(name))
        elif rank == here:
            yield _line(CURRENT, name, stand.get(name), state.since)
        if rank == here and state.state == "blocked":
            yield _line(BLOCKED, "blocked", stand.get("blocked"), state.since, state.why)
        if rank > here:
            yield _line(TO_COME, name, None, why=_to_come(name, state))


def _place(state: SoakState, stand: dict[StateName, Transition]) -> int:
    """Return the rank of the current state; for a blocked soak that of the state before."""
    if state.state != "blocked":
        return ORDER.index(state.state)
    return max((ORDER.index(name) for name in stand if name in ORDER), default=0)


def _line(mark: str, name: StateName, step: Transition | None, since: datetime | None = None, why: str = "") -> str:
    at = step.at if step else since
    comment = f"comment {step.comment}: " if step and step.comment else ""
    reason = visible(step.why if step else why).translate(INERT)
    return cut(f"{mark} {name:{NAME}}  {moment(at):{TIME}}  {comment}{reason}".rstrip(" :"), WIDTH)


def _to_come(name: StateName, state: SoakState) -> str:
    before = [step.at for step in state.transitions if step.to == name]
    if before:
        return f"reached {before[-1].astimezone(UTC):%Y-%m-%d}, then reverted"
    if name == "audited" and state.state == "threshold-met" and state.next.earliest:
        return f"not before {moment(state.next.earliest)} UTC"
    return ""


def moment(at: datetime | None) -> str:
    """Return a time for the timeline, in UTC; an empty text for None."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else ""
