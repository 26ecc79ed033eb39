"""The report on the policy itself: the file on the default branch, and a change to it in this pull request."""

from collections.abc import Iterator, Sequence

from bot.model import Actor, Backtest, Finding, Judgment, Location, Preview, Report, Severity, Snapshot, Trial, Verdict
from bot.plan.policy_changes import WAITS
from bot.policy import PATH, named
from bot.text import cell, code, plain

NAME = "policy"
MAX_LABELS = 8
OPEN_ROWS = 5
BROKEN = "The policy on the default branch is invalid"
LAST_GOOD = "the policy is invalid; the last valid one is used, see the report"
FIX = "Fix it on the default branch. Until then, the last valid policy is used."
UNUSABLE = "The policy in this pull request is invalid"
UNFIT = "A label rule in this pull request's policy cannot be applied"
FIX_HERE = "Fix it in this pull request. If it is merged unchanged, the last valid policy stays in use."
FIX_RULE = "Fix it in this pull request. If it is merged unchanged, the rest of the policy still applies."
UNTRUSTED = "Security-relevant settings change, and no operator has trusted this file"
TRUST = "An operator reads the change below, and approves this head or writes the comment below."
BROKEN_CALL = (Actor.ADMINISTRATOR, f"fix {PATH} on the default branch")
FIX_CALL = (Actor.AUTHOR, f"fix {PATH}")
TRUST_CALL = (Actor.OPERATOR, f"trust the change of {PATH}, or reject it")
ADVICE = (Actor.NOBODY, "")
TRIED = (
    "**Backtest** on {count}: {found}. Run on {at:%Y-%m-%d %H:%M} UTC, with all changed settings in effect. No model "
    "was called, and nothing was written to those pull requests."
)
HOW = (
    "**To put it in force**, an operator approves this head in a review, or trusts exactly this file with this "
    "comment, before or after the merge:"
)
ONLY_BY_WORD = (
    "**The base has changes that no operator trusted**, so an approval of this head is not enough. Compared with the "
    "settings in force, this file changes:"
)
BY_WORD = "**To put it in force**, an operator trusts exactly this file with this comment, before or after the merge:"
TRUSTED = "**{} trusted this file.** It takes effect once it is on the default branch as it is here."
UNTRIED = "no earlier pull requests for a backtest"
HEAD = ["| Pull request | Checks | Labels | Merge class |", "| --- | --- | --- | --- |"]


def policy_report(snapshot: Snapshot, preview: Preview | None) -> Report:
    """Gives `error` while the default branch's policy is invalid, `block` if this pull request's policy is invalid, and
    `advise` if its change waits for an operator or has label rules that cannot be applied.
    """
    broken = [_finding(BROKEN, problem, FIX, Severity.HIGH, BROKEN_CALL) for problem in snapshot.policy_problems]
    if preview is None:
        return _report(Verdict.ERROR, LAST_GOOD, broken) if broken else IN_FORCE
    unusable = [_finding(UNUSABLE, problem, FIX_HERE, Severity.HIGH, FIX_CALL) for problem in preview.problems]
    unfit = [_finding(UNFIT, warning, FIX_RULE, Severity.MEDIUM, ADVICE) for warning in preview.warnings]
    waits = _waits(preview) and not trusted_by(snapshot, preview)
    untrusted = [_finding(UNTRUSTED, "", TRUST, Severity.MEDIUM, TRUST_CALL)] if waits and not unusable else []
    verdict = Verdict.ADVISE if unfit or waits else Verdict.PASS
    verdict = Verdict.ERROR if broken else verdict
    verdict = Verdict.BLOCK if unusable else verdict
    summary = LAST_GOOD if verdict is Verdict.ERROR else _summary(preview, waits=waits)
    report = _report(verdict, summary, [*unusable, *broken, *untrusted, *unfit])
    shown = section(preview, trusted_by(snapshot, preview))
    return report.model_copy(update={"section": shown, "judgment": _kept(snapshot, preview)})


def trusted_by(snapshot: Snapshot, preview: Preview) -> str:
    """Gives the operator who trusted this file: by `/trust`, or by an approval of this head; empty if none did."""
    operators = snapshot.policy.operators or ()
    words = [one for one in snapshot.inputs.decisions if one.command == "trust" and not one.refused]
    by = [one.by for one in words if one.argument == preview.digest and named(one.by, operators)]
    reviews = () if preview.beyond else snapshot.inputs.reviews
    by += [
        one.author
        for one in reviews
        if one.state == "approved"
        and not one.dismissed
        and named(one.author, operators)
        and snapshot.inputs.named_by(one)
    ]
    return by[-1] if by else ""


def section(preview: Preview, by: str = "") -> str:
    """Gives a policy change as Markdown: a list of changed keys, how an operator trusts it (or that `by` did), and a
    table of affected earlier pull requests.
    """
    if preview.problems:
        return ""
    parts = [
        "**What changes** once this is merged:" if preview.changes else "**No change**: all settings stay the same."
    ]
    if preview.removed:
        parts.insert(0, f"This pull request deletes {code(PATH)}: the default settings would apply.")
    parts.append("\n".join(f"- {_sentence(text)}" for text in preview.changes))
    if preview.more:
        parts.append(f"*{_some(preview.more, 'more change')} not shown.*")
    if by:
        parts.append(TRUSTED.format(plain(by)))
    elif _waits(preview):
        parts += _how(preview)
    if preview.changes:
        parts += _tried(preview)
    return "\n\n".join(part for part in parts if part)


def _waits(preview: Preview) -> bool:
    return any(text.endswith(WAITS) for text in (*preview.changes, *preview.beyond))


def _how(preview: Preview) -> Iterator[str]:
    if preview.beyond:
        yield ONLY_BY_WORD
        yield "\n".join(f"- {_sentence(text)}" for text in preview.beyond)
    yield BY_WORD if preview.beyond else HOW
    yield f"```\n/trust {preview.digest}\n```"


def _report(verdict: Verdict, summary: str, findings: Sequence[Finding]) -> Report:
    return Report(check=NAME, verdict=verdict, summary=summary, findings=tuple(findings))


IN_FORCE = _report(Verdict.PASS, "the policy is valid and in effect", ())


def _finding(title: str, problem: str, fix: str, severity: Severity, call: tuple[Actor, str]) -> Finding:
    return Finding(
        rule=NAME,
        severity=severity,
        title=title,
        location=Location(where="policy", path=PATH),
        evidence=problem,
        next_step=fix,
        actor=call[0],
        action=call[1],
    )


def _kept(snapshot: Snapshot, preview: Preview) -> Judgment | None:
    """A new preview is stored, so that the next run shows the same one."""
    if any(one.check == NAME and one.basis == preview.basis for one in snapshot.memory.judgments):
        return None
    return Judgment(check=NAME, at=preview.at, basis=preview.basis, content=preview.model_dump(mode="json"))


def _summary(preview: Preview, *, waits: bool) -> str:
    if preview.problems:
        return f"invalid policy in this pull request: {preview.problems[0]}"
    count = len(preview.changes) + preview.more
    if not count:
        return "this pull request changes no policy setting"
    tried = preview.backtest
    found = f"{len(tried.differing)} of {_some(len(tried.trials), 'earlier pull request')} affected"
    waiting = "; security-relevant settings take effect once an operator trusts them" if waits else ""
    return f"{_some(count, 'policy change')}; {found if tried.trials else UNTRIED}{waiting}"


def _sentence(text: str) -> str:
    key, _, words = text.partition(": ")
    change = plain(words.removesuffix(WAITS))
    return f"{code(key)}: {change}" + (
        " · **takes effect once an operator trusts it**" if words.endswith(WAITS) else ""
    )


def _tried(preview: Preview) -> Iterator[str]:
    tried = preview.backtest
    if tried.trials:
        differing = tried.differing
        found = f"{len(differing)} with a different result" if differing else "none with a different result"
        yield TRIED.format(count=_some(len(tried.trials), "earlier pull request"), at=preview.at, found=found)
        yield from _table(tried)
    else:
        yield "**No backtest**: there is no earlier pull request that it could run on."
    yield " ".join(plain(text) for text in tried.left_out)


def _table(tried: Backtest) -> Iterator[str]:
    if not tried.differing:
        return
    yield "\n".join(f"- {plain(text)}: {_some(count, 'pull request')}" for text, count in tried.totals[:MAX_LABELS])
    table = "\n".join([*HEAD, *map(_row, tried.differing)])
    if len(tried.differing) > OPEN_ROWS:
        table = f"<details><summary>{len(tried.differing)} affected pull requests</summary>\n\n{table}\n\n</details>"
    yield table


def _row(trial: Trial) -> str:
    labels = trial.labels
    rest = f" and {len(labels) - MAX_LABELS} more" if len(labels) > MAX_LABELS else ""
    cells = [
        f"{cell(f'!{trial.number}')} {plain(trial.title)} ({plain(trial.state)})",
        "<br>".join(f"{cell(one.check)}: {plain(one.before)} → {plain(one.after)}" for one in trial.shifts),
        " ".join(cell(label) for label in labels[:MAX_LABELS]) + rest,
        " → ".join(cell(name) if name else "none" for name in trial.merge or ()),
    ]
    return f"| {' | '.join(cells)} |"


def _some(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
