"""What all guards share: the report of a disabled guard, the verdict for findings, and findings for unchecked parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.model import Actor, ChangedFile, Finding, Report, Snapshot, Verdict
from handlers.facts.accepted import accepted
from handlers.facts.patterns import chosen
from handlers.facts.wording import NOT_CHECKED, not_looked_at

OFF = "off (enable with {key}.mode in the policy)"
STATES = frozenset({"open", "draft"})
"""The states in which guards run. A closed pull request cannot be merged."""

FILES = ("the commits", "the net difference", "the list of changed files", "a part of the diff")
MENTIONS = ("the search for mentions",)
LINTS = ("the workflow lint",)
"""Prefixes of gaps that affect changed files, mentions of paths, and linter findings."""

SHOWN = 5


@dataclass(frozen=True)
class Said:
    """The texts of a guard's report: the summary without findings (`clean`) and with findings (`found`), and notes."""

    clean: str
    found: str = ""
    notes: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


def switched_off(check: str) -> Report:
    """Gives the report of a guard that is off."""
    return Report(
        check=check, verdict=Verdict.SKIP, summary=OFF.format(key=f"guards.{check}"), shown=False, status=False
    )


def judged(check: str, mode: str, findings: Sequence[Finding], unseen: Sequence[Finding], said: Said) -> Report:
    """Gives a guard's report: findings block or advise, by the mode; unchecked parts are an error.

    Advice asks nothing of the author.
    """
    findings = findings if mode == "block" else tuple(map(advice, findings))
    verdict = Verdict.ADVISE if findings else Verdict.PASS
    if findings and mode == "block":
        verdict = Verdict.BLOCK
    elif unseen:
        verdict = Verdict.ERROR
    summary = said.found if findings else said.clean
    if unseen and not findings:
        summary = f"not fully checked: {unseen[0].title.removeprefix(NOT_CHECKED)}"
    return Report(
        check=check,
        verdict=verdict,
        summary=summary,
        findings=(*findings, *unseen),
        notes=said.notes,
        **said.fields,
    )


def advice(finding: Finding) -> Finding:
    """Gives the finding as advice: the author need not act on it."""
    return finding.model_copy(update={"actor": Actor.NOBODY}) if finding.actor is Actor.AUTHOR else finding


def unread(snapshot: Snapshot, prefixes: Iterable[str]) -> tuple[Finding, ...]:
    """Gives a finding for each unaccepted gap whose text starts with one of some prefixes."""
    known = accepted(snapshot)
    kinds = tuple(prefixes)
    return tuple(
        not_looked_at(gap)
        for gap in (*snapshot.inputs.gaps, *snapshot.inputs.unseen)
        if gap.what.startswith(kinds) and gap.fingerprint not in known
    )


def names(file: ChangedFile) -> tuple[str, ...]:
    """Gives the names of a changed file: old and new name of a renamed one; only the new name of a copy."""
    return (file.path, file.old_path) if file.old_path and file.status != "copied" else (file.path,)


def touched(patterns: Sequence[str], files: Iterable[ChangedFile]) -> dict[str, str]:
    """Gives each name of a changed file that matches a pattern, with that pattern, in the order of the files."""
    found = {name: chosen(patterns, name) for file in files for name in names(file)}
    return {name: pattern for name, pattern in found.items() if pattern}


def listed(texts: Sequence[str], shown: int = SHOWN) -> str:
    """Gives the first texts, separated by commas, and the number of the others."""
    more = len(texts) - shown
    return ", ".join(texts[:shown]) + (f" and {more} more" if more > 0 else "")
