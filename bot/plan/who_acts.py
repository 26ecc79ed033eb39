"""Says who has to act, and on what: the first lines of the report, and the text of the one status.

All of it comes from the same calls: the actors and actions of the findings. So the report, the labels and the status
cannot name different people.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.model import Actor, Finding, Kind, Report, Snapshot, Verdict
from bot.text import code, cut, plain

ICONS = {
    Verdict.PASS: "✅",
    Verdict.ADVISE: "💡",
    Verdict.BLOCK: "⛔",
    Verdict.PENDING: "⏳",
    Verdict.ERROR: "⚠️",
    Verdict.SKIP: "⏭️",
}
HEADINGS = {
    Verdict.PASS: "No problems found",
    Verdict.ADVISE: "Advice only, nothing blocks",
    Verdict.BLOCK: "Blocked",
    Verdict.PENDING: "Waiting",
    Verdict.ERROR: "Not fully checked",
    Verdict.SKIP: "Nothing to check",
}
ACTION = "Action needed"
"""The heading where somebody is needed though nothing blocks, and where a block has nothing to merge."""
CALLED = "🔔"
NOTHING = "nothing to do"
NOBODY = "No action needed."
MERGING = "Nothing to do but the merge."
BY_PEOPLE = ("merge: operator", "merge: by hand")
STOPPING = frozenset({Verdict.BLOCK, Verdict.ERROR, Verdict.PENDING})
MAX_ACTION = 200


@dataclass(frozen=True)
class Needed:
    """One actor who is needed, with his login where it is known, and what he has to do, the worst first."""

    actor: Actor
    login: str
    actions: tuple[str, ...]

    @property
    def words(self) -> str:
        """Gives what the actor has to do as plain text: the first action, and the number of the others."""
        more = len(self.actions) - 1
        return cut(" ".join(self.actions[0].split()), MAX_ACTION) + (f", and {more} more" if more else "")


@dataclass(frozen=True)
class Opening:
    """What the report and the status begin with: the verdict, who is needed, and what stands in their place."""

    verdict: Verdict
    icon: str
    heading: str
    needed: tuple[Needed, ...]
    instead: str = ""

    @property
    def line(self) -> str:
        """Gives the first line of the report as plain text, without its icon: the text of the one status."""
        first = self.needed[0] if self.needed else None
        rest = f"{first.actor}: {first.words}" if first else self.instead
        return f"{self.heading}: {rest}" if rest else self.heading


def overall(reports: Iterable[Report]) -> Verdict:
    """Gives the worst verdict of all checks. Advice and waiting of a check without a status do not count: such a check
    describes what others decide, as the merge classification does.
    """
    counted = (one.verdict for one in reports if one.status or one.verdict in {Verdict.BLOCK, Verdict.ERROR})
    return max(counted, key=lambda verdict: verdict.rank, default=Verdict.SKIP)


def called(reports: Iterable[Report], actor: Actor) -> tuple[tuple[str, Finding], ...]:
    """Gives the findings that call an actor, each with the name of its check, the worst first."""
    found = [(report, finding) for report in reports for finding in report.findings if finding.actor is actor]
    found.sort(key=lambda pair: (-pair[0].verdict.rank, -pair[1].severity.rank))
    return tuple((report.check, finding) for report, finding in found)


def calls(report: Report) -> bool:
    """Says whether a check calls somebody."""
    return any(finding.actor is not Actor.NOBODY for finding in report.findings)


def opening(snapshot: Snapshot, reports: Sequence[Report]) -> Opening:
    """Gives the verdict over all reports, and everybody who is needed, whoever has the worst finding first."""
    verdict = overall(reports)
    needed = tuple(_needed(snapshot, reports))
    mergeable = snapshot.target.kind is Kind.PULL and snapshot.inputs.state == "open"
    icon, heading = ICONS[verdict], HEADINGS[verdict]
    if verdict is Verdict.BLOCK and not mergeable:
        heading = ACTION
    elif needed and verdict not in STOPPING:
        icon, heading = CALLED, ACTION
    stopped = [report for report in reports if report.verdict is verdict] if verdict in STOPPING else []
    instead = cut(" ".join(stopped[0].summary.split()), MAX_ACTION) if stopped and not needed else ""
    return Opening(verdict, icon, heading, needed, instead)


def lines(snapshot: Snapshot, reports: Sequence[Report]) -> str:
    """Gives the first lines of the report as Markdown: the heading with whoever is needed first, one line for each
    other actor, and one line of counts.
    """
    begin = opening(snapshot, reports)
    first, others = begin.needed[:1], begin.needed[1:]
    rest = _told(first[0]) if first else plain(begin.instead)
    heading = f"### {begin.icon} {begin.heading}" + (f": {rest}" if rest else "")
    told = list(map(_told, others))
    if first and all(one.actor is not Actor.AUTHOR for one in begin.needed):
        told.append(_who(Needed(Actor.AUTHOR, snapshot.inputs.author, (NOTHING,))) + NOTHING)
    if not first and not begin.instead:
        told.append(MERGING if any(one.brief.startswith(BY_PEOPLE) for one in reports) else NOBODY)
    return f"{heading}\n\n" + "  \n".join([*told, counts(reports)])


def counts(reports: Iterable[Report]) -> str:
    """Gives the line of counts: how many checks passed, and the brief words of checks."""
    shown = list(reports)
    passed = sum(report.verdict is Verdict.PASS and report.shown and not calls(report) for report in shown)
    words = [f"{passed} check{'' if passed == 1 else 's'} passed", *(one.brief for one in shown if one.brief)]
    return " · ".join(map(plain, words))


def _needed(snapshot: Snapshot, reports: Sequence[Report]) -> list[Needed]:
    found: list[tuple[tuple[int, int], Needed]] = []
    ranks = {report.check: report.verdict.rank for report in reports}
    for actor in Actor:
        asked = called(reports, actor) if actor is not Actor.NOBODY else ()
        if asked:
            actions = tuple(dict.fromkeys(finding.call for _, finding in asked))
            check, worst = asked[0]
            place = (-ranks[check], -worst.severity.rank)
            found.append((place, Needed(actor, _login(snapshot, actor), actions)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _login(snapshot: Snapshot, actor: Actor) -> str:
    operators = snapshot.policy.operators or ()
    if actor is Actor.OPERATOR and len(operators) == 1:
        return operators[0]
    return snapshot.inputs.author if actor is Actor.AUTHOR else ""


def _told(one: Needed) -> str:
    """The role, and what it has to do, as Markdown."""
    return _who(one) + plain(one.words)


def _who(one: Needed) -> str:
    """The role with the login as code: a mention would notify the account at each change of the comment."""
    return f"{one.actor}{f' {code(one.login)}' if one.login else ''}: "
