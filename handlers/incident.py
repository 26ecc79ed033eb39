"""Incidents: a pull request that was merged with a secret, or after another account posted a success of the bot.

A protection of the branch cannot prevent either of them where writers may push, set statuses and merge: Forgejo binds
no status context to an account. So the merge is examined afterwards, and the operators are notified by name.
"""

from collections.abc import Sequence

from bot.model import (
    Actor,
    Check,
    Finding,
    Kind,
    Leak,
    Location,
    OwnWords,
    Report,
    Severity,
    Snapshot,
    StatusSeen,
    Tools,
    Verdict,
    WantedIssue,
)
from bot.text import code
from handlers.facts.accepted import accepted, open_leaks
from handlers.facts.modes import unread
from handlers.facts.wording import some

NAME = "incident"
LABEL = "needs-operator-decision"
MERGED = "merged"
IN_COMMITS = frozenset({"diff", "path", "message"})
SHOWN = 20
FOREIGN, FLOOD = "foreign-status", "status-flood"
"""Rules of findings; all others are of merged secrets."""
CLEAN = "no unaccepted secret was merged, and no other account posted a success of the bot before the merge"
LEAKED_STEP = "Revoke this secret first. It is on the base branch: removing it there does not make it unread."
FORGED_STEP = (
    "Treat the merge as unchecked: review what was merged, and find out who used the account. In the protection of the "
    "branch, limit pushes and merges to operators."
)
FORGED_CALL = "review what was merged, and the account {who}"
FLOOD_CALL = "review what was merged with more statuses than are read"
CLOSED = "**No open incident.** Every finding of this merge is accepted, or the evidence no longer applies."
ACCEPT = "After the review, an operator accepts each finding: `/accept FINGERPRINT REASON`."


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives `block` for an incident, `error` if the statuses or commits of the merge cannot be read, else `pass`."""
    if snapshot.inputs.state != MERGED:
        return Report(check=NAME, verdict=Verdict.SKIP, summary="not merged", shown=False, status=False)
    known = accepted(snapshot)
    leaks = () if snapshot.policy.secret_leak.mode == "off" else _merged_leaks(snapshot)
    forged = tuple(one for one in snapshot.inputs.forged if one.fingerprint not in known)
    hidden = tuple(map(_hidden, unread(snapshot, ("older statuses of the merged head",))))
    findings = (*map(_leaked, leaks), *map(_forged, forged), *hidden)
    unseen = unread(snapshot, ("statuses that were set before",))
    verdict = Verdict.BLOCK if findings else Verdict.ERROR if unseen else Verdict.PASS
    return Report(
        check=NAME,
        verdict=verdict,
        summary=_summary(findings) if findings else unseen[0].title if unseen else CLEAN,
        findings=(*findings, *unseen),
        labels={LABEL: bool(findings)},
        comment=_comment(snapshot, findings),
        issue=_issue(snapshot, findings),
        shown=bool(findings or unseen),
        status=False,
    )


def _merged_leaks(snapshot: Snapshot) -> tuple[Leak, ...]:
    """Gives one leak for each unaccepted secret in merged commits: none was dropped before, or pushed after it."""
    merged = [one for one in open_leaks(snapshot) if not one.dropped and not one.unmerged]
    found = [one for one in merged if one.location.where in IN_COMMITS]
    return tuple({one.fingerprint: one for one in reversed(found)}.values())


def _leaked(leak: Leak) -> Finding:
    return Finding(
        rule=leak.rule,
        severity=Severity.CRITICAL,
        title="Merged with a secret",
        location=leak.location,
        next_step=LEAKED_STEP,
        fingerprint=leak.fingerprint,
        actor=Actor.OPERATOR,
        action=f"revoke the merged secret {leak.fingerprint}",
    )


def _forged(status: StatusSeen) -> Finding:
    who = status.creator or "a workflow's token"
    return Finding(
        rule=FOREIGN,
        severity=Severity.CRITICAL,
        title=f"{who} posted {status.context} as a success before the merge",
        location=Location(where="target"),
        evidence="only the bot's account may post this context",
        next_step=FORGED_STEP,
        fingerprint=status.fingerprint,
        actor=Actor.OPERATOR,
        action=FORGED_CALL.format(who=who),
    )


def _hidden(unread_part: Finding) -> Finding:
    """Gives a finding: a flood of statuses, which no ordinary merge has, could hide a forged success."""
    change = {"rule": FLOOD, "severity": Severity.CRITICAL, "next_step": FORGED_STEP, "action": FLOOD_CALL}
    return unread_part.model_copy(update=change)


def _leaks(findings: Sequence[Finding]) -> int:
    return sum(finding.rule not in {FOREIGN, FLOOD} for finding in findings)


def _summary(findings: Sequence[Finding]) -> str:
    rules, leaks = {finding.rule for finding in findings}, _leaks(findings)
    parts = [f"merged with {some(leaks, 'secret')}"] if leaks else []
    parts += ["merged after another account posted a success of the bot"] if FOREIGN in rules else []
    parts += ["merged with more statuses than are read"] if FLOOD in rules else []
    return " and ".join(parts)


def _issue(snapshot: Snapshot, findings: Sequence[Finding]) -> WantedIssue | None:
    if not findings or snapshot.policy.incident.issue != "on":
        return None
    number = snapshot.target.number
    return WantedIssue(
        title=f"Incident: pull request {number} {_summary(findings)}",
        body=f"Pull request !{number} needs an operator.\n\n{_told(snapshot, findings)}",
    )


def _comment(snapshot: Snapshot, findings: Sequence[Finding]) -> OwnWords:
    """Gives the comment that notifies the operators: a mention in a new comment sends Forgejo's notification."""
    if not findings:
        return OwnWords(body=CLOSED, only_if_there=True)
    return OwnWords(body=_told(snapshot, findings))


def _told(snapshot: Snapshot, findings: Sequence[Finding]) -> str:
    operators = " ".join(f"@{login}" for login in snapshot.policy.operators or ())
    merged_by = snapshot.inputs.merged_by
    by = f" Forgejo names {code(merged_by)} as the account that merged." if merged_by else ""
    lines = [f"{operators} **Incident: {_summary(findings)}.**{by}".strip(), ""]
    lines += [f"- {code(finding.fingerprint)} {code(finding.title)}" for finding in findings[:SHOWN]]
    if (more := len(findings) - SHOWN) > 0:
        lines.append(f"- {more} more; see the report")
    leaks = _leaks(findings)
    steps = [*([LEAKED_STEP] if leaks else []), *([FORGED_STEP] if leaks < len(findings) else []), ACCEPT]
    return "\n".join([*lines, "", *(f"{number}. {step}" for number, step in enumerate(steps, 1))])


CHECK = Check(
    name=NAME,
    on=frozenset({Kind.PULL}),
    assess=assess,
    states=frozenset({"closed"}),
    labels=(LABEL,),
    guards=False,
)
