"""Prints reports for people, and derives the exit status from them."""

from collections.abc import Sequence

from bot.cli.output import FINE, FOUND, line
from bot.model import Actor, Finding, Report, Snapshot, Verdict

FAILING = frozenset({Verdict.BLOCK, Verdict.ERROR})
MIN_SHOWN = 10
"""Digits of a commit id that people read."""


def exit_status(reports: Sequence[Report]) -> int:
    """Return 1 if a check blocks or something could not be checked, else 0."""
    return FOUND if any(report.verdict in FAILING for report in reports) else FINE


def print_head(seen: Snapshot) -> None:
    """Print the target, its state and the snapshot's hash."""
    head = f", head {seen.inputs.head.sha[:MIN_SHOWN]}" if seen.inputs.head.sha else ""
    line(f"{seen.target} ({seen.inputs.state}{head})")
    line(f"snapshot {seen.hash}")


def print_reports(seen: Snapshot, reports: Sequence[Report]) -> None:
    """Print the checks' reports on a snapshot, except those of checks that are off."""
    print_head(seen)
    for report in (one for one in reports if one.shown or one.verdict is not Verdict.SKIP):
        line()
        line(f"{report.check}: {report.verdict}: {report.summary}")
        for finding in report.findings:
            _print_finding(finding)
        for text in report.notes:
            line(f"  note: {text}")


def print_overall(seen: Snapshot, reports: Sequence[Report]) -> None:
    """Print the overall verdict with whoever has to act, and the counts: the last lines of a command."""
    from bot.plan import counts, opening  # noqa: PLC0415 - loads the planner, which the other commands need not

    begin = opening(seen, reports)
    line()
    line(begin.line)
    for one in begin.needed[1:]:
        line(f"{one.actor}: {one.words}")
    line(counts(reports))


def _print_finding(finding: Finding) -> None:
    place = finding.location
    line_number = f":{place.line}" if place.line else ""
    where = f"{place.path}{line_number}" if place.path else place.where
    commit = f" in {place.commit[:MIN_SHOWN]}" if place.commit else ""
    line(f"  {finding.severity} {finding.rule}: {finding.title} ({where}{commit})")
    if finding.evidence:
        line(f"    evidence: {finding.evidence}")
    if finding.next_step:
        who = "next" if finding.actor is Actor.NOBODY else finding.actor
        line(f"    {who}: {finding.next_step}")
