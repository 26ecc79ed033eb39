"""Draws the way of a soak as text: each state with a mark, when it was reached, and why; fit for a block of code.

A state that was reached and taken back is to come again, and says when it was there. No line can end the block that
it stands in, name anybody or be taken for a payload.
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
"""What stands for signs that could end a fence, be a tag, or mention."""


def timeline(state: SoakState) -> str:
    """Gives the lines of a soak's way, at most 78 columns wide, in the order of the states."""
    return "\n".join(_lines(state))


def way(state: SoakState) -> tuple[StateName, ...]:
    """Gives the states on a soak's way: without a phrase nobody is waited for, without a report nothing closes it."""
    asked = {one.state for one in state.criteria} | {state.state}
    report = "closed" in asked or any(one.role == "report" for one in state.follow_up)
    left_out = {"awaiting-operator", "approved"} if state.gate is None else set()
    left_out |= set() if report else {"closed"}
    return tuple(name for name in ORDER if name not in left_out or name == state.state)


def reached(state: SoakState) -> dict[StateName, Transition]:
    """Gives the last reach of each state that stands: falling back to one takes away all behind it."""
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
    """How far it is: a blocked soak stands where it stood before."""
    if state.state != "blocked":
        return ORDER.index(state.state)
    return max((ORDER.index(name) for name in stand if name in ORDER), default=0)


def _line(mark: str, name: StateName, step: Transition | None, since: datetime | None = None, why: str = "") -> str:
    at = step.at if step else since
    comment = f"comment {step.comment}: " if step and step.comment else ""
    said = visible(step.why if step else why).translate(INERT)
    return cut(f"{mark} {name:{NAME}}  {moment(at):{TIME}}  {comment}{said}".rstrip(" :"), WIDTH)


def _to_come(name: StateName, state: SoakState) -> str:
    before = [step.at for step in state.transitions if step.to == name]
    if before:
        return f"was reached {before[-1].astimezone(UTC):%Y-%m-%d}, and taken back"
    if name == "audited" and state.state == "threshold-met" and state.next.earliest:
        return f"not before {moment(state.next.earliest)} UTC"
    return ""


def moment(at: datetime | None) -> str:
    """Gives a time as it stands in the timeline, in UTC; empty where there is none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else ""
