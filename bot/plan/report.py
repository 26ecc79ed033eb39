"""Writes the report comment: one for each target, identified by its marker, readable in five seconds.

It begins with the verdict and who has to act; then come a table of checks, notices about changes by others that were
restored, a section for each check, and a footer with the head and the snapshot's hash. A change of the footer alone
never causes a write.
"""

from collections.abc import Iterator, Sequence

from bot.model import Actor, Finding, Kind, Location, Report, Restored, Snapshot, Target, Verdict
from bot.plan.report_payload import folded
from bot.plan.who_acts import ICONS, STOPPING, calls, lines
from bot.text import cell, code, cut, plain

MAX_BYTES = 60_000
MAX_FINDINGS = 50
OPEN_FINDINGS = 5
SIGNED = "comment `/help` for commands · kept up to date by Assaymaster"
FOOTER = "\n\n<!-- assay:footer -->\n"

NESTED = 2
"""The maximum depth of nested `<details>` in the report."""
QUIET = frozenset({Verdict.PASS, Verdict.SKIP})
"""The verdicts whose checks are folded."""
CLOSE = "\n\n</details>"
CUT = "\n\n*This comment was cut because it is too long. Run `assay plan` to print the full report.*"


MARK = "<!-- assay:"


def marker(target: Target, purpose: str = "report") -> str:
    """Gives the marker at the start of a bot comment: of the report, or of a comment for another purpose."""
    return f"<!-- assay:{target} -->" if purpose == "report" else f"<!-- assay:{target}:{purpose} -->"


def write(snapshot: Snapshot, reports: Sequence[Report], notices: Sequence[str]) -> str:
    """Gives the Markdown of the report comment, at most 60 KB. Checks that need somebody come first."""
    ordered = sorted(reports, key=lambda report: (-report.verdict.rank, not calls(report)))
    parts = [
        marker(snapshot.target),
        lines(snapshot, ordered),
        *_table(ordered),
        *(f"> {notice}" for notice in notices),
        *_sections(ordered),
    ]
    body = "\n\n".join(part for part in parts if part)
    payload = folded(snapshot.target, reports)
    ending = (f"\n\n{payload}" if payload else "") + FOOTER + _footer(snapshot)
    return cut_to_size(body, len(ending.encode())) + ending


def write_failed(target: Target, head: str, why: str, *, parked: bool = False) -> str:
    """Gives the Markdown of the report while a target cannot be evaluated: it claims nothing about what it is now.

    It stays the same for as long as head (empty for an issue) and reason do: a time in it would be a new edit at each
    attempt. `why` is a word or two of the program, no text of users. `parked`: many attempts failed, and now there is
    one a day.
    """
    trying = "The bot keeps trying and then updates this comment. The reason is in its log."
    given_up = (
        f"Many attempts failed. The bot tries again once a day and after the next {'push' if head else 'edit'} or "
        "command. The reason is in its log; `assay targets retry` tries again at once."
    )
    what, last = (f"Commit {code(head[:10])}", "it") if head else ("This issue", "its present state")
    parts = [
        marker(target),
        f"### {ICONS[Verdict.ERROR]} Not checked",
        f"{Actor.ADMINISTRATOR}: look into the bot's log. What was not checked does not pass.",
        f"{what} could not be evaluated ({plain(why)}). Earlier results do not count for {last}.",
        given_up if parked else trying,
    ]
    return "\n\n".join(parts) + FOOTER + f"<sub>{f'head {code(head[:10])} · ' if head else ''}{SIGNED}</sub>"


def cut_to_size(body: str, reserved: int = 0) -> str:
    """Gives a comment's Markdown. If it would exceed 60 KB with `reserved` bytes added, it is cut at a line end."""
    room = MAX_BYTES - reserved - len(f"{CLOSE * NESTED}{CUT}".encode())
    if len(body.encode()) <= room:
        return body
    body = body.encode()[:room].decode("utf-8", "ignore").rpartition("\n")[0]
    return body + _closing(body) + CUT


def explanation(report: Report) -> str:
    """Gives the full result of one check as Markdown: the answer to `/explain`."""
    head = f"#### {plain(report.check)}: {ICONS[report.verdict]} {report.verdict}\n\n{plain(report.summary)}"
    parts = [head, "\n".join(_finding(finding) for finding in report.findings[:MAX_FINDINGS])]
    parts += [*(plain(note) for note in report.notes), report.section, report.explanation]
    return "\n\n".join(part for part in parts if part)


def without_footer(body: str) -> str:
    """Return a report without its footer: the part that is compared to decide whether the comment must be updated.

    Only the last marker starts the footer. An earlier one comes from untrusted text, such as a file name. The marker at
    the beginning is left out too, since it has the name of the repository, which can change.
    """
    if body.startswith(MARK):
        body = body.partition("\n")[2]
    before, mark, _ = body.rpartition(FOOTER.strip())
    return (before if mark else body).rstrip()


def restored_notice(thing: Restored) -> str:
    """Gives the sentence about a change by others that the bot reverted."""
    # The earlier changes may have been of another kind, such as an edit before this deletion.
    more = f"restored. Changes by others here were restored {thing.total} times"
    times = "restored once" if thing.total == 1 else more
    return f"{plain(thing.what)}; {times}, most recently on {thing.last_at:%Y-%m-%d %H:%M} UTC."


def left_notice(name: str) -> str:
    """Gives the sentence about an object that others changed so often that the bot stopped restoring it."""
    return (
        f"**Repeatedly changed by somebody else**: {code(name)}. The bot will not restore it again before tomorrow. "
        "An operator should find out who changes it."
    )


def _table(reports: Sequence[Report]) -> Iterator[str]:
    """The checks that say more than a pass in a table, the others in a folded one."""
    shown = [report for report in reports if report.shown]
    rest = [report for report in shown if report.verdict in QUIET and not calls(report)]
    told = [report for report in shown if report not in rest]
    if told:
        yield _rows(told)
    if rest:
        passed = sum(report.verdict is Verdict.PASS for report in rest)
        skipped = len(rest) - passed
        words = [f"{passed} passed"] if passed else []
        words += [f"{skipped} skipped"] if skipped else []
        yield f"<details><summary>{', '.join(words)}</summary>\n\n{_rows(rest)}{CLOSE}"


def _rows(reports: Sequence[Report]) -> str:
    rows = [
        f"| {cell(report.check)} | {ICONS[report.verdict]}&nbsp;{report.verdict} | {plain(cut(report.summary, 160))} |"
        for report in reports
    ]
    return "\n".join(["| Check | Verdict | Summary |", "| --- | --- | --- |", *rows])


def _sections(reports: Sequence[Report]) -> list[str]:
    """The sections of the checks. Those that block or have a section of their own are open; the rest is folded."""
    shown = [report for report in reports if report.shown and (report.findings or report.notes or report.section)]
    opened = [report for report in shown if report.verdict in STOPPING or report.section]
    rest = [_section(report) for report in shown if report not in opened]
    sections = [_section(report) for report in opened]
    if not opened or not rest:
        return [*sections, *rest]
    return [*sections, "<details><summary>Other checks</summary>\n\n" + "\n\n".join(rest) + CLOSE]


def _section(report: Report) -> str:
    shown = report.findings[:MAX_FINDINGS]
    head = f"#### {plain(report.check)}"
    opened = [_finding(finding) for finding in shown[:OPEN_FINDINGS]]
    folded = [_finding(finding) for finding in shown[OPEN_FINDINGS:]]
    parts = [head, "\n".join(opened)]
    if folded:
        parts.append(f"<details><summary>{_more(len(folded))}</summary>\n\n" + "\n".join(folded) + CLOSE)
    if len(report.findings) > MAX_FINDINGS:
        parts.append(f"*{_more(len(report.findings) - MAX_FINDINGS)} not shown.*")
    if report.notes:
        parts += [plain(note) for note in report.notes]
    parts.append(report.section)
    return "\n\n".join(part for part in parts if part)


def _more(count: int) -> str:
    return f"{count} more finding{'' if count == 1 else 's'}"


def _finding(finding: Finding) -> str:
    place = where(finding.location)
    shown = [f"**{finding.severity}** {code(finding.rule)}", plain(finding.title), code(place) if place else ""]
    lines = ["- " + " · ".join(part for part in shown if part)]
    about = [plain(finding.evidence), f"fingerprint {code(finding.fingerprint)}" if finding.fingerprint else ""]
    if any(about):
        lines.append("  " + " · ".join(part for part in about if part))
    if finding.next_step:
        who = "Next" if finding.actor is Actor.NOBODY else str(finding.actor).capitalize()
        lines.append(f"  **{who}:** {plain(finding.next_step)}")
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
    return f"<sub>{head}snapshot {seen} · {SIGNED}</sub>"


def _closing(body: str) -> str:
    """The closing tags of a cut text. Only the report's own tags are at the start of a line."""
    fence = "\n```" if sum(row.startswith("```") for row in body.split("\n")) % 2 else ""
    return fence + CLOSE * (body.count("\n<details>") - body.count("\n</details>"))
