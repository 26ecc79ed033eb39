"""The merge classification: exactly one `merge/` label, by a fixed order of reasons. The bot itself never merges.

Runs last, on open pull requests and drafts, if the policy enables it: it reads the results of the other checks in this
pass. The `mode:` label and `automerge-candidate` follow from the same reasons. It sets no status, because a pull
request that needs a human to merge has no fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model import Check, Finding, Judgment, Kind, Location, Report, Snapshot, Tools, Verdict, digest
from bot.text import cell, plain
from handlers.facts.modes import OFF, STATES
from handlers.merge.facts import Facts, rules
from handlers.merge.overrides import AUTO, CLASSES, Word, holds, last_word
from handlers.merge.reasons import MODES, PREFERENCE, REASONS, SAFE, Held, held, reasons_table

NAME = "merge"
CANDIDATE = "automerge-candidate"
BRIEFS = ("operator only", "by hand", "automatic")
MAY = "no reason against an automatic merge"
SOONEST, LATEST = 30.0, 3600.0
"""Seconds until the next run if a reason may end without an event from Forgejo."""
SPOKEN = "{by} set {label} by command in comment {comment}. It stays until {end}."
LAPSED = (
    "{word} by {by} in comment {comment} no longer applies: the reasons have changed since, or an operator's "
    "preference overrides it. If it is still wanted, repeat the command."
)


@dataclass(frozen=True)
class Classified:
    """One classification: all reasons against an automatic merge, and the judgments so far, including the new one.

    `basis` is a hash of the reasons, without operators' preferences, because those are commands and no findings.
    """

    snapshot: Snapshot
    reasons: tuple[Held, ...]
    judgments: tuple[Judgment, ...]
    basis: str

    @property
    def label(self) -> str:
        """Gives the `merge/` label."""
        word = self.word(CLASSES)
        if word is not None and word.on:
            return word.label
        return self.reasons[0].reason.label if self.reasons else AUTO

    @property
    def mode(self) -> str:
        """Gives the `mode:` label: the strictest one of all reasons."""
        modes = self.modes
        word = self.word(modes)
        if word is not None and word.on:
            return word.label
        if self.label == AUTO:
            return SAFE
        return min((modes[MODES.index(one.reason.mode)] for one in self.reasons), key=modes.index, default=modes[0])

    @property
    def modes(self) -> tuple[str, ...]:
        """Gives the `mode:` labels, the strictest first, with the team's name in the second one."""
        strictest, _, safe = MODES
        return strictest, f"mode:{rules(self.snapshot).agreed}-approved", safe

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Gives the groups of labels of which at most one is on."""
        return CLASSES, self.modes, (CANDIDATE,)

    @property
    def candidate(self) -> bool:
        """Says whether the pull request is proposed for automatic merging."""
        word = self.word((CANDIDATE,))
        return word.on if word is not None else self.label == AUTO

    def word(self, group: Sequence[str]) -> Word | None:
        """Gives the operator's command for a group of labels, if it still applies.

        A command against an automatic merge applies until the next command. A command for it applies while the reasons
        stay the same and no operator's preference is against it.
        """
        word = last_word(self.snapshot, group)
        if word is None or (group is CLASSES and word.against_auto):
            return word
        preferred = group is CLASSES and any(one.reason.name == PREFERENCE for one in self.reasons)
        return word if not preferred and holds(word, self.judgments, self.basis) else None


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the labels with all reasons; `pending` if all reasons may end without action."""
    if rules(snapshot).mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF.format(key=NAME), shown=False, status=False)
    found, made = _classified(snapshot, held(Facts(snapshot, tools.labels)))
    return Report(
        check=NAME,
        verdict=_verdict(found),
        summary=f"{found.label}: {found.reasons[0].says if found.reasons else MAY}",
        findings=tuple(map(_finding, found.reasons)),
        notes=_notes(found),
        judgment=made,
        explanation=_explanation(found),
        data=_data(found),
        again=_again(found),
        status=False,
        brief=f"merge: {BRIEFS[found.modes.index(found.mode)]}",
        **_labels(found),
    )


def _classified(snapshot: Snapshot, reasons: tuple[Held, ...]) -> tuple[Classified, Judgment | None]:
    """The classification, and a new judgment to store if its basis differs from the last one."""
    basis = _basis(one for one in reasons if one.reason.name != PREFERENCE)
    before = tuple(one for one in snapshot.memory.judgments if one.check == NAME)
    if before and before[-1].basis == basis:
        return Classified(snapshot, reasons, before, basis), None
    names = list(dict.fromkeys(one.reason.name for one in reasons))
    made = Judgment(check=NAME, at=snapshot.taken_at, basis=basis, content={"reasons": names})
    return Classified(snapshot, reasons, (*before, made), basis), made


def _basis(reasons: Iterable[Held]) -> str:
    return digest("\n".join(f"{one.reason.name}: {one.says}" for one in reasons))


def _verdict(found: Classified) -> Verdict:
    if not found.reasons:
        return Verdict.PASS if found.label == AUTO else Verdict.ADVISE
    return Verdict.PENDING if all(one.reason.waits for one in found.reasons) else Verdict.ADVISE


def _finding(one: Held) -> Finding:
    reason = one.reason
    return Finding(
        rule=reason.name,
        severity=reason.severity,
        title=f"{one.says[:1].upper()}{one.says[1:]}",
        location=Location(where="target"),
        evidence=reason.label,
        next_step=reason.ends,
        actor=reason.actor,
        action=reason.action,
    )


def _notes(found: Classified) -> tuple[str, ...]:
    on = {found.label, found.mode, CANDIDATE if found.candidate else ""}
    notes = []
    for group in found.groups:
        word = last_word(found.snapshot, group)
        if word is not None and word.on:
            note = SPOKEN if found.word(group) is not None else LAPSED
            if note is SPOKEN or word.label not in on:
                end = "the next command" if group is CLASSES and word.against_auto else "the reasons change"
                notes.append(note.format(word=word, label=word.label, by=word.by, comment=word.comment_id, end=end))
    return tuple(notes)


def _labels(found: Classified) -> dict[str, Any]:
    """The labels of a report: one of each exclusive group is on, the others are off."""
    on = {found.label, found.mode, *((CANDIDATE,) if found.candidate else ())}
    names = [name for group in found.groups for name in group]
    commanded: dict[str, datetime] = {}
    for group in found.groups:
        if (word := found.word(group)) is not None:
            commanded |= dict.fromkeys(group, word.at)
    return {
        "labels": {name: name in on for name in names},
        "label_bases": dict.fromkeys(names, _basis(found.reasons)),
        "commanded": commanded,
    }


def _data(found: Classified) -> dict[str, Any]:
    return {
        "label": found.label,
        "mode": found.mode,
        "automerge_candidate": found.candidate,
        "reasons": [{"reason": one.reason.name, "label": one.reason.label, "says": one.says} for one in found.reasons],
    }


def _explanation(found: Classified) -> str:
    rows = []
    for place, reason in enumerate(REASONS, start=1):
        says = "; ".join(one.says for one in found.reasons if one.reason is reason)
        rows.append(f"| {place} | {cell(reason.name)} | {cell(reason.label)} | {plain(says) if says else 'no'} |")
    return "\n".join(["|  | Reason | Label | Here |", "| --- | --- | --- | --- |", *rows])


def _again(found: Classified) -> float:
    """Seconds until the next run, with back-off. It is needed for `merge/auto` too: Forgejo sends no event for a failed
    status or a dismissed approval.
    """
    if found.label != AUTO and not any(one.reason.waits for one in found.reasons):
        return 0.0
    since = found.snapshot.memory.updated_at
    age = found.snapshot.taken_at - since if since else timedelta()
    return min(LATEST, max(SOONEST, age.total_seconds() / 2))


CHECK = Check(
    name=NAME,
    on=frozenset({Kind.PULL}),
    assess=assess,
    states=STATES,
    labels=(*CLASSES, *MODES, "mode:patchwarden-iskra-approved", CANDIDATE),
    guards=False,
    tables={"merge-reasons": reasons_table()},
)
