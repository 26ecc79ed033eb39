"""What all guards have in common: when they are off, what findings do to the verdict, and what wasn't looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.model import ChangedFile, Finding, Report, Snapshot, Verdict
from bot.policy import named
from handlers.facts.patterns import chosen
from handlers.facts.wording import not_looked_at

OFF = "switched off by the policy, which has to name it"
STATES = frozenset({"open", "draft"})
"""What is closed can't be merged, so nothing has to be guarded."""

FILES = ("the commits", "the net difference", "the list of changed files", "a part of the diff")
MENTIONS = ("the search for mentions",)
LINTS = ("the workflow lint",)
"""How gaps begin that hide changed files, mentions of paths, or what linters say."""

SHOWN = 5


@dataclass(frozen=True)
class Said:
    """What a guard has to say beside its findings: `clean` is the summary where there are none."""

    clean: str
    found: str = ""
    notes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def switched_off(check: str) -> Report:
    """Gives the report of a guard that the policy doesn't name."""
    return Report(check=check, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)


def judged(check: str, mode: str, findings: Sequence[Finding], unseen: Sequence[Finding], said: Said) -> Report:
    """Gives a guard's report: findings block or advise by the mode, and what wasn't seen is an error."""
    verdict = Verdict.ADVISE if findings else Verdict.PASS
    if findings and mode == "block":
        verdict = Verdict.BLOCK
    elif unseen:
        verdict = Verdict.ERROR
    summary = said.found if findings else said.clean
    if unseen and not findings:
        summary = f"not all of it was looked at: {unseen[0].title.removeprefix('Not looked at: ')}"
    return Report(
        check=check,
        verdict=verdict,
        summary=summary,
        findings=(*findings, *unseen),
        notes=said.notes,
        **said.fields,
    )


def unread(snapshot: Snapshot, beginnings: Iterable[str]) -> tuple[Finding, ...]:
    """Gives a finding for each gap of a kind that nobody accepted."""
    accepted = accepted_by(snapshot)
    kinds = tuple(beginnings)
    return tuple(
        not_looked_at(gap)
        for gap in (*snapshot.inputs.gaps, *snapshot.inputs.unseen)
        if gap.what.startswith(kinds) and gap.fingerprint not in accepted
    )


def accepted_by(snapshot: Snapshot) -> frozenset[str]:
    """Gives the fingerprints that the policy accepts, or an operator who didn't open the pull request."""
    seen = snapshot.inputs
    decided = {
        one.argument
        for one in seen.decisions
        if one.command == "accept" and not one.refused and not named(one.by, (seen.author,))
    }
    return frozenset(decided | {one.fingerprint for one in snapshot.policy.secret_leak.accept})


def names(file: ChangedFile) -> tuple[str, ...]:
    """Gives the names of a changed file: a renamed one has two, and a copy leaves the other alone."""
    return (file.path, file.old_path) if file.old_path and file.status != "copied" else (file.path,)


def touched(patterns: Sequence[str], files: Iterable[ChangedFile]) -> dict[str, str]:
    """Gives each name of changed files that a pattern chooses, with that pattern, in the files' order."""
    found = {name: chosen(patterns, name) for file in files for name in names(file)}
    return {name: pattern for name, pattern in found.items() if pattern}


def listed(texts: Sequence[str], shown: int = SHOWN) -> str:
    """Gives the first of some texts in a row, and how many more there are."""
    more = len(texts) - shown
    return ", ".join(texts[:shown]) + (f" and {more} more" if more > 0 else "")
