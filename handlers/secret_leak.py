"""Leaked secrets: in every commit of a pull request, in commits that a force-push dropped, and in texts and comments.

Runs on every pull request and issue, open or closed, with or without a policy. The scanner found and masked the secrets
earlier; this check only decides which findings count, and what to do about each.
"""

from collections.abc import Iterable, Sequence

from bot.model import Actor, Check, Finding, Kind, Leak, Report, Snapshot, Tools, Verdict
from handlers.facts.accepted import accepted, open_gaps, open_leaks
from handlers.facts.wording import NOT_CHECKED, not_looked_at, some

NAME = "secret-leak"
LABEL = "safety:secret-touch"

REVOKE = "Revoke this secret first, even if nobody seems to have seen it. Then "
REMOVE = {
    "diff": "remove it from the branch history: rewrite the commit (a new commit on top is not enough).",
    "path": "rename it in the branch history: rewrite the commit (a rename in a new commit is not enough).",
    "dropped": "ask a server administrator to garbage-collect the dropped commit; the force-push did not delete it.",
    "message": "rewrite the commit message and push the branch again.",
    "title": "edit the title; its history stays readable on the server.",
    "body": "edit the text; its history stays readable on the server.",
    "comment": "edit or delete the comment; its history stays readable on the server.",
    "branch": "push to a branch with another name, and delete this one.",
    "repository": "rename the repository; the server may still redirect the old name.",
    "label": "edit the label, or take it off.",
    "milestone": "edit the milestone.",
    "status": "post the status again without it; the old one stays readable on the server.",
    "account": "ask a server administrator to rename the account.",
}
ACCEPT = (
    "**False positive?** An operator comments this, with the reason; `secret-leak.accept` in the policy accepts it in "
    "the whole repository:\n\n```\n{lines}\n```"
)
OFFERED = 5
"""Fingerprints that are offered for acceptance."""
OFF = "off in the policy (secret-leak.mode: off); leaked secrets are not reported"


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives `block` for unaccepted secrets, `error` for unchecked parts, else `pass`."""
    rules = snapshot.policy.secret_leak
    if rules.mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF)
    blocking = rules.mode == "block"
    actor = Actor.OPERATOR if snapshot.inputs.state == "merged" else Actor.AUTHOR if blocking else Actor.NOBODY
    findings = tuple(_finding(leaks, actor) for leaks in _grouped(open_leaks(snapshot)))
    gaps = tuple(map(not_looked_at, open_gaps(snapshot)))
    return Report(
        check=NAME,
        verdict=_verdict(bool(findings), bool(gaps), blocking=blocking),
        summary=_summary(findings, gaps, snapshot),
        findings=(*findings, *gaps),
        notes=_notes(snapshot),
        section=_accept((*findings, *gaps)),
        labels={LABEL: bool(findings)},
    )


def _verdict(found: bool, unseen: bool, *, blocking: bool) -> Verdict:
    if found and blocking:
        return Verdict.BLOCK
    if unseen:
        return Verdict.ERROR
    return Verdict.ADVISE if found else Verdict.PASS


def _grouped(leaks: Iterable[Leak]) -> list[list[Leak]]:
    """One group for each secret and kind of place, however many commits and lines repeat it."""
    groups: dict[tuple[str, str, bool, bool], list[Leak]] = {}
    for leak in leaks:
        groups.setdefault((leak.fingerprint, leak.location.where, leak.dropped, leak.unmerged), []).append(leak)
    return sorted(groups.values(), key=lambda group: (-group[0].severity.rank, group[0].fingerprint))


def _finding(leaks: Sequence[Leak], actor: Actor) -> Finding:
    first = leaks[0]
    where = first.location.where
    removal = REMOVE["dropped"] if first.dropped else REMOVE.get(where, REMOVE["body"])
    return Finding(
        rule=first.rule,
        severity=first.severity,
        title=f"A secret in {_place(first)}",
        location=first.location,
        evidence=_evidence(leaks),
        next_step=f"{REVOKE}{removal}",
        fingerprint=first.fingerprint,
        actor=actor,
        action=f"revoke the secret in {_short_place(first)}, and remove it",
    )


def _short_place(leak: Leak) -> str:
    """The file and line of a leak that is still there, or its place in words."""
    at = leak.location
    return f"{at.path}:{at.line}" if at.where == "diff" and at.line and not leak.dropped else _place(leak)


def _place(leak: Leak) -> str:
    if leak.dropped:
        return "a commit that a force-push dropped"
    if leak.unmerged:
        return "a commit that was pushed after the merge"
    names = {
        "diff": "an added line",
        "path": "the name of a file or directory",
        "message": "a commit message",
        "title": "the title",
        "comment": "a comment",
        "branch": "the name of a branch",
        "repository": "the name of a repository",
        "label": "the name or description of a label",
        "milestone": "the milestone",
        "status": "the name, text or link of a commit status",
        "account": "the name of an account",
    }
    return names.get(leak.location.where, "the description")


def _evidence(leaks: Sequence[Leak]) -> str:
    commits = sorted({leak.location.commit[:10] for leak in leaks if leak.location.commit})
    parts = [f"found {len(leaks)} times"] if len(leaks) > 1 else []
    if len(commits) > 1:
        more = f" and {len(commits) - 5} more" if len(commits) > 5 else ""  # noqa: PLR2004 - five are read at a glance
        parts.append(f"in {', '.join(commits[:5])}{more}")
    if any(leak.suppressed for leak in leaks):
        parts.append("an allow comment next to it was ignored")
    return "; ".join(parts)


def _summary(findings: Sequence[Finding], gaps: Sequence[Finding], snapshot: Snapshot) -> str:
    if findings:
        rest = f"; {some(len(gaps), 'part')} not checked" if gaps else ""
        return f"{some(len(findings), 'leaked secret')}; revoke first, then clean the history{rest}"
    if gaps:
        return f"not fully checked: {gaps[0].title.removeprefix(NOT_CHECKED)}"
    if snapshot.target.kind is Kind.ISSUE:
        return "no secret in title, description, comments or names"
    commits = snapshot.inputs.commits
    where = some(len(commits), "commit") if commits else "the added lines"
    return f"no secret in {where}, title, description, comments or names"


def _accept(findings: Sequence[Finding]) -> str:
    """The commands that accept the findings, to copy and to complete; fingerprints are the bot's own words."""
    lines = [f"/accept {one} REASON" for one in dict.fromkeys(finding.fingerprint for finding in findings)]
    return ACCEPT.format(lines="\n".join(lines[:OFFERED])) if lines else ""


def _notes(snapshot: Snapshot) -> tuple[str, ...]:
    known = accepted(snapshot)
    present = {leak.fingerprint for leak in snapshot.inputs.leaks} | {gap.fingerprint for gap in snapshot.inputs.gaps}
    return tuple(f"{name} is {known[name]}" for name in sorted(present & known.keys()))


CHECK = Check(name=NAME, on=frozenset(Kind), assess=assess, labels=(LABEL,))
