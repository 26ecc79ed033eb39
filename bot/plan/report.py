"""Writes the report comment: one for each target, found again by its marker, read in five seconds.

A heading with the verdict, a table of checks, what each has to say, what others changed and was put back, and a footer
with the head and the snapshot's hash. The footer alone never causes a write.
"""

from collections.abc import Iterable, Sequence

from bot.model import Finding, Kind, Location, Report, Restored, Snapshot, Target, Verdict
from bot.plan.report_payload import folded
from bot.text import code, cut, plain

MAX_BYTES = 60_000
MAX_FINDINGS = 50
OPEN_FINDINGS = 5
FOOTER = "\n\n<!-- assay:footer -->\n"

ICONS = {
    Verdict.PASS: "✅",
    Verdict.ADVISE: "💡",
    Verdict.BLOCK: "⛔",
    Verdict.PENDING: "⏳",
    Verdict.ERROR: "⚠️",
    Verdict.SKIP: "⏭️",
}
HEADINGS = {
    Verdict.PASS: "Nothing found",
    Verdict.ADVISE: "Advice, nothing blocking",
    Verdict.BLOCK: "Blocked",
    Verdict.PENDING: "Still waiting",
    Verdict.ERROR: "Not all of it could be looked at",
    Verdict.SKIP: "Nothing to check",
}
NEEDED = {
    Verdict.PASS: "Nobody is needed for this.",
    Verdict.ADVISE: "Worth a glance; nothing here stops a merge.",
    Verdict.BLOCK: "**The author has to act** before this can be merged.",
    Verdict.PENDING: "Nothing to do yet; this comment follows.",
    Verdict.ERROR: "**An operator has to look**: what wasn't checked isn't passed.",
    Verdict.SKIP: "Nobody is needed for this.",
}
NO_MERGE_HEADING = "Something has to be done"
NO_MERGE_NEEDED = "**The author has to act**, and an operator where he can't."
"""What a block means where nothing is left to be merged: on an issue, or after the merge."""
ASKS = ("judge/operator-needed", "review:needs-human", "mode:operator-only", "needs-operator-decision")
"""Labels by which a check asks for an operator."""
STOPPING = frozenset({Verdict.BLOCK, Verdict.ERROR, Verdict.PENDING})
NESTED = 2
"""How deep the report folds."""
CLOSE = "\n\n</details>"
CUT = "\n\n*The report is longer than a comment should be; the rest is left out. `assay plan` prints all of it.*"


MARK = "<!-- assay:"


def marker(target: Target, purpose: str = "report") -> str:
    """Gives the marker that a comment of the bot begins with: the report's, or another purpose's."""
    return f"<!-- assay:{target} -->" if purpose == "report" else f"<!-- assay:{target}:{purpose} -->"


def worst(reports: Iterable[Report]) -> Verdict:
    """Gives the worst verdict of some reports; skip when there are none."""
    return max((report.verdict for report in reports), key=lambda verdict: verdict.rank, default=Verdict.SKIP)


def write(snapshot: Snapshot, reports: Sequence[Report], notices: Sequence[str]) -> str:
    """Gives the Markdown of the report comment, at most 60 KB; what needs somebody stands first."""
    ordered = sorted(reports, key=lambda report: (-report.verdict.rank, not _asks(report)))
    parts = [
        marker(snapshot.target),
        *_opening(snapshot, ordered),
        _table(ordered),
        *(f"> {notice}" for notice in notices),
        *_sections(ordered),
    ]
    body = "\n\n".join(part for part in parts if part)
    payload = folded(snapshot.target, reports)
    ending = (f"\n\n{payload}" if payload else "") + FOOTER + _footer(snapshot)
    return cut_to_size(body, len(ending.encode())) + ending


def cut_to_size(body: str, reserved: int = 0) -> str:
    """Gives a comment's Markdown, cut at a line's end where it would grow over 60 KB with `reserved` bytes more."""
    room = MAX_BYTES - reserved - len(f"{CLOSE * NESTED}{CUT}".encode())
    if len(body.encode()) <= room:
        return body
    body = body.encode()[:room].decode("utf-8", "ignore").rpartition("\n")[0]
    return body + _closing(body) + CUT


def explanation(report: Report) -> str:
    """Gives all that one check has to say, as Markdown: what `/explain` answers."""
    head = f"#### {code(report.check)}: {ICONS[report.verdict]} {report.verdict}\n\n{plain(report.summary)}"
    parts = [head, "\n".join(_finding(finding) for finding in report.findings[:MAX_FINDINGS])]
    parts += [*(plain(note) for note in report.notes), report.section, report.explanation]
    return "\n\n".join(part for part in parts if part)


def _asks(report: Report) -> bool:
    """Says whether a check asks for an operator: by a label, as everywhere."""
    return any(report.labels.get(name) for name in ASKS)


def _opening(snapshot: Snapshot, reports: Sequence[Report]) -> tuple[str, ...]:
    verdict = worst(reports)
    asking = [code(report.check) for report in reports if _asks(report)]
    asked = (f"**An operator has to decide**, says {', '.join(asking)}.",) if asking else ()
    return (*_heading(snapshot, verdict), *asked)


def _heading(snapshot: Snapshot, verdict: Verdict) -> tuple[str, str]:
    mergeable = snapshot.target.kind is Kind.PULL and snapshot.inputs.state == "open"
    if verdict is Verdict.BLOCK and not mergeable:
        return f"### {ICONS[verdict]} {NO_MERGE_HEADING}", NO_MERGE_NEEDED
    return f"### {ICONS[verdict]} {HEADINGS[verdict]}", NEEDED[verdict]


def without_footer(body: str) -> str:
    """Return the part of a report that decides whether it has to be written again.

    The last marker is the footer's: one before it stands in a path that somebody chose. The marker at the beginning
    names the repository, which may have been renamed since.
    """
    if body.startswith(MARK):
        body = body.partition("\n")[2]
    before, mark, _ = body.rpartition(FOOTER.strip())
    return (before if mark else body).rstrip()


def restored_notice(thing: Restored) -> str:
    """Gives the sentence that says what others changed and the bot put back."""
    times = "once" if thing.total == 1 else f"{thing.total} times"
    return f"{plain(thing.what)}; restored {times}, last {thing.last_at:%Y-%m-%d %H:%M} UTC."


def left_notice(name: str) -> str:
    """Gives the sentence that says what the bot has stopped to put back."""
    return (
        f"**Somebody insists** on changing {code(name)}: left as it is until tomorrow; an operator has to find out who."
    )


def _table(reports: Sequence[Report]) -> str:
    shown = [report for report in reports if report.shown]
    rows = [
        f"| {code(report.check)} | {ICONS[report.verdict]} {report.verdict} | {plain(cut(report.summary, 160))} |"
        for report in shown
    ]
    return "\n".join(["| Check | Verdict | In one line |", "| --- | --- | --- |", *rows])


def _sections(reports: Sequence[Report]) -> list[str]:
    """What stops a merge, or has a section of its own, stands open; all else that is said is folded together."""
    said = [report for report in reports if report.shown and (report.findings or report.notes or report.section)]
    opened = [report for report in said if report.verdict in STOPPING or report.section]
    rest = [_section(report) for report in said if report not in opened]
    sections = [_section(report) for report in opened]
    if not opened or not rest:
        return [*sections, *rest]
    return [*sections, "<details><summary>What the other checks say</summary>\n\n" + "\n\n".join(rest) + CLOSE]


def _section(report: Report) -> str:
    shown = report.findings[:MAX_FINDINGS]
    head = f"#### {code(report.check)}"
    lines = [_finding(finding) for finding in shown[:OPEN_FINDINGS]]
    folded = [_finding(finding) for finding in shown[OPEN_FINDINGS:]]
    parts = [head, "\n".join(lines)]
    if folded:
        parts.append(f"<details><summary>{len(folded)} more</summary>\n\n" + "\n".join(folded) + CLOSE)
    if len(report.findings) > MAX_FINDINGS:
        parts.append(f"*{len(report.findings) - MAX_FINDINGS} further findings are counted but not shown.*")
    if report.notes:
        parts += [plain(note) for note in report.notes]
    parts.append(report.section)
    return "\n\n".join(part for part in parts if part)


def _finding(finding: Finding) -> str:
    place = where(finding.location)
    shown = [f"**{finding.severity}** {code(finding.rule)}", plain(finding.title), code(place) if place else ""]
    lines = ["- " + " · ".join(part for part in shown if part)]
    about = [plain(finding.evidence), f"fingerprint {code(finding.fingerprint)}" if finding.fingerprint else ""]
    if any(about):
        lines.append("  " + " · ".join(part for part in about if part))
    if finding.next_step:
        lines.append(f"  **Next:** {plain(finding.next_step)}")
    return "  \n".join(lines)


def where(location: Location) -> str:
    """Gives a location as `path:line @ commit`, `comment 12`, `title`, or nothing for the target as a whole."""
    if location.where == "target":
        return ""
    if location.comment_id:
        return f"comment {location.comment_id}"
    if location.path:
        line = f":{location.line}" if location.line else ""
        return f"{location.path}{line}" + (f" @ {location.commit[:10]}" if location.commit else "")
    return f"{location.where} @ {location.commit[:10]}" if location.commit else location.where


def _footer(snapshot: Snapshot) -> str:
    head = f"head {code(snapshot.inputs.head.sha[:10])} · " if snapshot.target.kind is Kind.PULL else ""
    seen = code(snapshot.hash.removeprefix("sha256:")[:16])
    return f"<sub>{head}snapshot {seen} · `/help` says what to ask for · kept up to date by Assaymaster</sub>"


def _closing(body: str) -> str:
    """Only the report's own tags stand at the start of a line."""
    return CLOSE * (body.count("\n<details>") - body.count("\n</details>"))
