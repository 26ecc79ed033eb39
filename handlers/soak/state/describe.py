"""Converts a computed soak to `soak.state.v1`, with the reason for its state and the next step."""

from collections.abc import Iterator

from handlers.soak.payload import FollowUp, SoakState
from handlers.soak.state.machine import Soak
from handlers.soak.state.next_step import criteria, next_step, why


def describe(soak: Soak) -> SoakState:
    """Return the state of a soak with all evidence for it."""
    policy = soak.inputs.soak
    return SoakState(
        soak=policy.name,
        issue=policy.issue,
        state=soak.name,
        since=soak.since,
        first_smoke=soak.progress.first,
        why=why(soak),
        criteria=criteria(soak),
        evidence=tuple(sorted(soak.rows, key=lambda row: (row.at, row.comment, row.index))),
        transitions=soak.transitions(),
        gate=soak.gate,
        next=next_step(soak),
        alarms=soak.alarms,
        follow_up=tuple(_follow_up(soak)),
    )


def _follow_up(soak: Soak) -> Iterator[FollowUp]:
    known = {one.number: one for one in soak.inputs.seen.pulls}
    policy = soak.inputs.soak
    for number in (*policy.prerequisites, *((policy.report,) if policy.report else ())):
        seen = known.get(number)
        role = "report" if number == policy.report and number not in policy.prerequisites else "prerequisite"
        state = seen.state if seen else "unknown"
        yield FollowUp(pull=number, role=role, state=state, merged_at=seen.merged_at if seen else None)
