"""The commit statuses of an open head: the one that a branch protection requires, and those of single checks."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bot.model import CONTEXT, OVERALL, Kind, Report, Snapshot, Verdict, WantedStatus
from bot.plan.who_acts import opening
from bot.text import cut

STATES = {
    Verdict.PASS: "success",
    Verdict.SKIP: "success",
    Verdict.ADVISE: "success",
    Verdict.PENDING: "pending",
    Verdict.ERROR: "error",
    Verdict.BLOCK: "failure",
}
WORSE = ("success", "pending", "error", "failure")
"""Status states from best to worst, for commits that several pull requests share."""
MAX_DESCRIPTION = 140
RELEASED = "off in the policy"


def statuses(snapshot: Snapshot, reports: Sequence[Report]) -> tuple[WantedStatus, ...]:
    """Gives the statuses of an open head: `assay`, and those of checks as the policy says.

    A check whose status is on this head, or is known to be required, has one whatever the policy says; one that no
    longer runs lets go of its own, so that it blocks nothing for ever.
    """
    if snapshot.target.kind is not Kind.PULL or snapshot.inputs.state != "open" or not snapshot.inputs.head.sha:
        return ()
    begin = opening(snapshot, reports)
    one = WantedStatus(context=OVERALL, state=STATES[begin.verdict], description=cut(begin.line, MAX_DESCRIPTION))
    return (one, *_each(snapshot, reports), *_released(snapshot, reports))


def held_status(snapshot: Snapshot, check: str) -> bool:
    """Says whether the bot has set a status of this check on this head: it must be set to green later, even for a check
    that normally sets no green status.
    """
    return snapshot.own.held_at(f"status:{snapshot.inputs.head.sha}:{CONTEXT}{check}") is not None


def _each(snapshot: Snapshot, reports: Sequence[Report]) -> Iterator[WantedStatus]:
    there = {seen.context for seen in snapshot.own.statuses}
    required = (*snapshot.inputs.required, *snapshot.policy.merge.contexts)
    for report in reports:
        context, state = f"{CONTEXT}{report.check}", STATES[report.verdict]
        wanted = {"each": True, "failing": state != WORSE[0], "one": False}[snapshot.policy.statuses]
        wanted = wanted or context in there or any(fnmatchcase(context, pattern) for pattern in required)
        if (wanted and report.status) or held_status(snapshot, report.check):
            yield WantedStatus(context=context, state=state, description=_description(report))


def _released(snapshot: Snapshot, reports: Sequence[Report]) -> Iterator[WantedStatus]:
    """The statuses of checks that did not run this time, and had one on this head."""
    ran = {report.check for report in reports}
    for seen in snapshot.own.statuses:
        check = seen.context.removeprefix(CONTEXT)
        if seen.context != OVERALL and check not in ran and held_status(snapshot, check):
            yield WantedStatus(context=seen.context, state=WORSE[0], description=RELEASED)


def _description(report: Report) -> str:
    advised = report.verdict is Verdict.ADVISE
    return cut(f"advice: {report.summary}" if advised else report.summary, MAX_DESCRIPTION)
