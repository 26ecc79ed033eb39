"""Turns a snapshot into reports and reports into a plan. Pure: the same snapshot gives the same answer, offline too."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.model import (
    Actor,
    Call,
    Check,
    Kind,
    Plan,
    Report,
    Restored,
    Snapshot,
    Tools,
    Verdict,
    WantedComment,
    WantedIssue,
    WantedLabel,
)
from bot.plan import report as reporting
from bot.plan.policy_report import NAME as POLICY_CHECK
from bot.plan.policy_report import policy_report
from bot.plan.replies import answers
from bot.plan.statuses import held_status, statuses
from bot.plan.who_acts import called
from bot.policy import PATH, label_wanted, permits
from bot.text import code, plain

COMMANDS = "commands"
"""The check before the report on the policy: who trusts a file says so with a command."""
SCHEDULED = (
    "{} scheduled a merge before the newest change. Forgejo keeps the schedule and merges what is here now, as soon as "
    "the required statuses allow it. Cancel it if that is not wanted."
)


@dataclass(frozen=True)
class Assessment:
    """The reports on a snapshot, and the snapshot updated with their decisions and judgments."""

    snapshot: Snapshot
    reports: tuple[Report, ...]


async def assess(snapshot: Snapshot, checks: Sequence[Check], tools: Tools, only: Collection[str] = ()) -> Assessment:
    """Gives the reports of the checks that apply to the snapshot, in the order of the checks.

    Each check sees the decisions of the checks before it. `only` names checks to run regardless of the target's state.
    """
    reports: list[Report] = []
    told = False
    for check in checks:
        if not told and check.name != COMMANDS:
            told, snapshot = True, _of_policy(snapshot, reports)
        if snapshot.target.kind in check.on and (check.name in only if only else _state(snapshot) in check.states):
            report = await check.assess(snapshot, tools)
            snapshot = folded(snapshot, report)
            reports.append(report)
    if not told:
        snapshot = _of_policy(snapshot, reports)
    return Assessment(snapshot, tuple(reports))


def _of_policy(snapshot: Snapshot, reports: list[Report]) -> Snapshot:
    """Put the report on the policy first, where there is one. It depends on the commands, and the checks on it."""
    preview = snapshot.memory.preview
    if not (snapshot.policy_problems or preview or held_status(snapshot, POLICY_CHECK)):
        return snapshot
    report = policy_report(snapshot, preview)
    reports.insert(0, report)
    return folded(snapshot, report)


def folded(snapshot: Snapshot, report: Report) -> Snapshot:
    """Gives the snapshot updated with a report: its decisions and judgment, which later snapshots contain too, and its
    verdict and what it asks the operator for, which the checks see that follow in this pass.
    """
    if report.decisions:
        known = sorted((*snapshot.inputs.decisions, *report.decisions), key=lambda one: (one.comment_id, one.line))
        inputs = snapshot.inputs.model_copy(update={"decisions": tuple(known)})
        snapshot = snapshot.model_copy(update={"inputs": inputs})
    if report.judgment is not None:
        made = report.judgment
        earlier = (one for one in snapshot.memory.judgments if not made.replaces or one.check != made.check)
        memory = snapshot.memory.model_copy(update={"judgments": (*earlier, made)})
        snapshot = snapshot.model_copy(update={"memory": memory})
    calls = tuple(one for one in snapshot.memory.calls if one.check != report.check)
    calls += tuple(Call(check=name, action=one.call) for name, one in called([report], Actor.OPERATOR))
    rest = {check: verdict for check, verdict in snapshot.memory.verdicts.items() if check != report.check}
    verdicts = rest | ({report.check: report.verdict.value} if report.status else {})
    memory = snapshot.memory.model_copy(update={"verdicts": verdicts, "calls": calls})
    return snapshot.model_copy(update={"memory": memory})


def plan(
    snapshot: Snapshot, reports: Sequence[Report], restored: Sequence[Restored] = (), left: Sequence[str] = ()
) -> Plan:
    """Gives what should exist on Forgejo: the report, checks' own comments, answers, labels, and statuses on an open
    head.

    `restored` are changes by others that were reverted, `left` are objects that were restored too often. The report
    mentions both.
    """
    target = snapshot.target
    notices = [reporting.restored_notice(thing) for thing in restored]
    notices += [reporting.left_notice(name) for name in left]
    told = [_with_shown_labels(report, snapshot) for report in reports]
    body = reporting.write(snapshot, told, [*notices, *_policy_notices(snapshot), *_review_notices(snapshot)])
    clean = all(report.verdict in {Verdict.PASS, Verdict.SKIP} for report in reports) and not restored
    comment = WantedComment(
        purpose="report",
        marker=reporting.marker(target),
        body=body,
        only_if_there=(target.kind is Kind.ISSUE or snapshot.inputs.state != "open") and clean,
    )
    answered = answers(snapshot, reports)
    labels = {
        name: WantedLabel(
            on=on and _shown(report, name, snapshot),
            evidence=report.evidence_for(name),
            commanded=report.commanded.get(name),
        )
        for report in reports
        for name, on in sorted(report.labels.items())
        if _shown(report, name, snapshot) or permits(name)
    }
    return Plan(
        comments=(comment, *_own_words(snapshot, reports), *answered.comments),
        reactions=answered.reactions,
        labels=labels,
        statuses=statuses(snapshot, reports),
        issues=_issues(snapshot, reports),
    )


def _shown(report: Report, name: str, snapshot: Snapshot) -> bool:
    policy = snapshot.policy
    return label_wanted(name, policy.labels, report.commanded, judged=policy.judge.mode == "on")


def _with_shown_labels(report: Report, snapshot: Snapshot) -> Report:
    """The report for the comment: it lists no labels that the profile does not show."""
    labels = {name: on for name, on in report.labels.items() if _shown(report, name, snapshot)}
    return report if labels == report.labels else report.model_copy(update={"labels": labels})


def _own_words(snapshot: Snapshot, reports: Sequence[Report]) -> list[WantedComment]:
    return [
        WantedComment(
            purpose=report.check,
            marker=reporting.marker(snapshot.target, report.check),
            body=f"{reporting.marker(snapshot.target, report.check)}\n{report.comment.body}",
            only_if_there=report.comment.only_if_there,
        )
        for report in reports
        if report.comment is not None
    ]


def _issues(snapshot: Snapshot, reports: Sequence[Report]) -> dict[str, WantedIssue]:
    return {
        report.check: report.issue.model_copy(
            update={"body": f"{reporting.marker(snapshot.target, f'{report.check}-issue')}\n{report.issue.body}"}
        )
        for report in reports
        if report.issue is not None
    }


def _state(snapshot: Snapshot) -> str:
    if snapshot.inputs.state != "open":
        return "closed"
    return "draft" if snapshot.inputs.draft else "open"


def _review_notices(snapshot: Snapshot) -> list[str]:
    """A dismissed objection looks as if there had been none; an admin of the repository can dismiss any."""
    if snapshot.inputs.state != "open":
        return []
    found = [one for one in snapshot.inputs.reviews if one.state == "changes" and one.dismissed and one.author]
    by = snapshot.inputs.scheduled_by
    scheduled = [SCHEDULED.format(plain(by))] if by else []
    return scheduled + [
        f"{plain(one.author)} requested changes to commit {code(one.commit[:10])}. This review was dismissed"
        + (f" by {plain(one.dismissed_by)}." if one.dismissed_by else ".")
        for one in found
    ]


def _policy_notices(snapshot: Snapshot) -> list[str]:
    notices = [plain(note) for note in snapshot.policy_notes]
    if any(PATH in {file.path, file.old_path} for file in snapshot.inputs.files):
        notices.append(
            f"This pull request changes `{PATH}`. The checks used the policy of the default branch, not this change."
        )
    return notices
