"""Turns a snapshot into reports and reports into a plan. Pure: the same snapshot gives the same answer, offline too."""

from collections.abc import Collection, Sequence

from bot import report as reporting
from bot.escape import plain
from bot.model import (
    Check,
    Finding,
    Kind,
    Location,
    Plan,
    Report,
    Restored,
    Severity,
    Snapshot,
    Tools,
    Verdict,
    WantedComment,
    WantedLabel,
    WantedStatus,
)
from bot.policy import PATH

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
POLICY_CHECK = "policy"
MAX_DESCRIPTION = 140


async def assess(
    snapshot: Snapshot, checks: Sequence[Check], tools: Tools, only: Collection[str] = ()
) -> tuple[Report, ...]:
    """Gives the reports of the checks that apply to the snapshot, in the order of the checks.

    `only` names checks to run whatever the target's state.
    """
    reports = [
        await check.assess(snapshot, tools)
        for check in checks
        if snapshot.target.kind in check.on and (check.name in only if only else _state(snapshot) in check.states)
    ]
    if snapshot.policy_problems or _held_policy_status(snapshot):
        reports.insert(0, _policy_report(snapshot))
    return tuple(reports)


def plan(
    snapshot: Snapshot, reports: Sequence[Report], restored: Sequence[Restored] = (), left: Sequence[str] = ()
) -> Plan:
    """Gives what should exist on Forgejo: the report, labels, and a status for each check on an open head.

    `restored` is what others changed and was put back, `left` what was put back too often; the report says so.
    """
    target = snapshot.target
    notices = [reporting.restored_notice(thing) for thing in restored]
    notices += [reporting.left_notice(name) for name in left]
    body = reporting.write(snapshot, reports, [*notices, *_policy_notices(snapshot)])
    clean = all(report.verdict in {Verdict.PASS, Verdict.SKIP} for report in reports) and not restored
    comment = WantedComment(
        purpose="report",
        marker=reporting.marker(target),
        body=body,
        only_if_there=(target.kind is Kind.ISSUE or snapshot.inputs.state != "open") and clean,
    )
    labels = {
        name: WantedLabel(on=on, evidence=report.evidence)
        for report in reports
        for name, on in sorted(report.labels.items())
    }
    return Plan(comments=(comment,), labels=labels, statuses=_statuses(snapshot, reports))


def _state(snapshot: Snapshot) -> str:
    if snapshot.inputs.state != "open":
        return "closed"
    return "draft" if snapshot.inputs.draft else "open"


def _statuses(snapshot: Snapshot, reports: Sequence[Report]) -> tuple[WantedStatus, ...]:
    if snapshot.target.kind is not Kind.PULL or snapshot.inputs.state != "open" or not snapshot.inputs.head.sha:
        return ()
    return tuple(
        WantedStatus(context=f"assay/{report.check}", state=STATES[report.verdict], description=_description(report))
        for report in reports
    )


def _description(report: Report) -> str:
    text = f"advice: {report.summary}" if report.verdict is Verdict.ADVISE else report.summary
    return text if len(text) <= MAX_DESCRIPTION else text[: MAX_DESCRIPTION - 1] + "…"


def _held_policy_status(snapshot: Snapshot) -> bool:
    """A mended policy has to turn its own red status green again."""
    held = snapshot.own.holding(f"status:{snapshot.inputs.head.sha}:assay/{POLICY_CHECK}")
    return held is not None


def _policy_report(snapshot: Snapshot) -> Report:
    findings = tuple(
        Finding(
            rule="policy",
            severity=Severity.HIGH,
            title="The policy on the default branch isn't in force as it stands",
            location=Location(where="policy", path=PATH),
            evidence=problem,
            next_step="Mend it on the default branch; until then the last good policy decides.",
        )
        for problem in snapshot.policy_problems
    )
    verdict = Verdict.ERROR if findings else Verdict.PASS
    summary = "the last good policy decides; see the report" if findings else "the policy is in force"
    return Report(check=POLICY_CHECK, verdict=verdict, summary=summary, findings=findings)


def _policy_notices(snapshot: Snapshot) -> list[str]:
    notices = [plain(note) for note in snapshot.policy_notes]
    if any(PATH in {file.path, file.old_path} for file in snapshot.inputs.files):
        notices.append(
            f"This pull request changes `{PATH}`. The policy of the default branch has decided, not this change."
        )
    return notices
