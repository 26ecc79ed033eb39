"""What the report says of the policy itself: of the file on the default branch, and of a change to it in this very
pull request.
"""

from collections.abc import Iterator, Sequence

from bot.model import Backtest, Finding, Judgment, Location, Preview, Report, Severity, Snapshot, Trial, Verdict
from bot.plan.policy_changes import WAITS
from bot.policy import PATH
from bot.text import code, plain

NAME = "policy"
MAX_LABELS = 8
OPEN_ROWS = 5
BROKEN = "The policy on the default branch isn't in force as it stands"
LAST_GOOD = "the last good policy decides; see the report"
MEND = "Mend it on the default branch; until then the last good policy decides."
UNUSABLE = "The policy as this pull request would have it can't be used"
UNFIT = "The policy as this pull request would have it asks for what can't be done"
MEND_HERE = "Mend it here; merged as it is, the last good policy would go on deciding."
MEND_RULE = "Mend it here; merged as it is, the rest of it would hold."
TRIED = (
    "**What it would have said** of {count}: {found}. Tried {at:%Y-%m-%d %H:%M} UTC, as if all that it trusts were in "
    "force; no model was asked, and nothing of this was written there."
)
UNTRIED = "there is no earlier pull request to try it on"
HEAD = ["| Pull request | Checks | Labels | Merge class |", "| --- | --- | --- | --- |"]


def policy_report(snapshot: Snapshot, preview: Preview | None) -> Report:
    """Gives `error` while the default branch's policy can't be used, `block` where this pull request's can't, and
    `advise` where its change waits for an operator or asks for what can't be done.
    """
    broken = [_finding(BROKEN, problem, Severity.HIGH, MEND) for problem in snapshot.policy_problems]
    if preview is None:
        return _report(Verdict.ERROR, LAST_GOOD, broken) if broken else IN_FORCE
    unusable = [_finding(UNUSABLE, problem, Severity.HIGH, MEND_HERE) for problem in preview.problems]
    unfit = [_finding(UNFIT, warning, Severity.MEDIUM, MEND_RULE) for warning in preview.warnings]
    waits = any(text.endswith(WAITS) for text in preview.changes)
    verdict = Verdict.ADVISE if unfit or waits else Verdict.PASS
    verdict = Verdict.ERROR if broken else verdict
    verdict = Verdict.BLOCK if unusable else verdict
    summary = LAST_GOOD if verdict is Verdict.ERROR else _summary(preview, waits=waits)
    report = _report(verdict, summary, [*unusable, *broken, *unfit])
    return report.model_copy(update={"section": section(preview), "judgment": _kept(snapshot, preview)})


def section(preview: Preview) -> str:
    """Gives the Markdown of what a change of the policy changes: keys in words, earlier pull requests in a table."""
    if preview.problems:
        return ""
    parts = ["**What changes** once this is merged:" if preview.changes else "**Nothing changes**: it says the same."]
    if preview.removed:
        parts.insert(0, f"{code(PATH)} is gone here: the defaults would hold.")
    parts.append("\n".join(f"- {_sentence(text)}" for text in preview.changes))
    if preview.more:
        parts.append(f"*{_some(preview.more, 'further change')} counted but not shown.*")
    if preview.changes:
        parts += _tried(preview)
    return "\n\n".join(part for part in parts if part)


def _report(verdict: Verdict, summary: str, findings: Sequence[Finding]) -> Report:
    return Report(check=NAME, verdict=verdict, summary=summary, findings=tuple(findings))


IN_FORCE = _report(Verdict.PASS, "the policy is in force", ())


def _finding(title: str, problem: str, severity: Severity, mend: str) -> Finding:
    return Finding(
        rule=NAME,
        severity=severity,
        title=title,
        location=Location(where="policy", path=PATH),
        evidence=problem,
        next_step=mend,
    )


def _kept(snapshot: Snapshot, preview: Preview) -> Judgment | None:
    """A preview that wasn't there before is kept, so that the next look says the same."""
    if any(one.check == NAME and one.ground == preview.ground for one in snapshot.memory.judgments):
        return None
    return Judgment(check=NAME, at=preview.at, ground=preview.ground, content=preview.model_dump(mode="json"))


def _summary(preview: Preview, *, waits: bool) -> str:
    if preview.problems:
        return f"the policy of this pull request can't be used: {preview.problems[0]}"
    count = len(preview.changes) + preview.more
    if not count:
        return "this pull request leaves the policy as it is, in other words"
    tried = preview.backtest
    found = f"{len(tried.differing)} of {_some(len(tried.trials), 'earlier pull request')} would be judged differently"
    waiting = "; what it trusts waits for an operator's merge" if waits else ""
    return f"{_some(count, 'change')} of the policy; {found if tried.trials else UNTRIED}{waiting}"


def _sentence(text: str) -> str:
    key, _, words = text.partition(": ")
    told = plain(words.removesuffix(WAITS))
    return f"{code(key)}: {told}" + (" · **waits for an operator's merge**" if words.endswith(WAITS) else "")


def _tried(preview: Preview) -> Iterator[str]:
    tried = preview.backtest
    if tried.trials:
        differing = tried.differing
        found = f"{len(differing)} would be judged differently" if differing else "all would be judged the same"
        yield TRIED.format(count=_some(len(tried.trials), "earlier pull request"), at=preview.at, found=found)
        yield from _table(tried)
    else:
        yield "It was tried on no earlier pull request: none is known here that could be."
    yield " ".join(plain(text) for text in tried.left_out)


def _table(tried: Backtest) -> Iterator[str]:
    if not tried.differing:
        return
    yield "\n".join(f"- {plain(text)}: {_some(count, 'pull request')}" for text, count in tried.totals[:MAX_LABELS])
    table = "\n".join([*HEAD, *map(_row, tried.differing)])
    if len(tried.differing) > OPEN_ROWS:
        table = f"<details><summary>Which {len(tried.differing)}</summary>\n\n{table}\n\n</details>"
    yield table


def _row(trial: Trial) -> str:
    labels = trial.labels
    rest = f" and {len(labels) - MAX_LABELS} more" if len(labels) > MAX_LABELS else ""
    cells = [
        f"{code(f'!{trial.number}')} {plain(trial.title)} ({plain(trial.state)})",
        "<br>".join(f"{code(one.check)}: {plain(one.before)} → {plain(one.after)}" for one in trial.shifts),
        " ".join(code(label) for label in labels[:MAX_LABELS]) + rest,
        " → ".join(code(name) if name else "none" for name in trial.merge or ()),
    ]
    return f"| {' | '.join(cells)} |"


def _some(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
