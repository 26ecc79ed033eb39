"""The merge classification: exactly one label of `merge/`, by a written order of reasons. The bot itself never merges.

Runs last, on open pull requests and drafts, where the policy switches it on: it reads what the other checks said in
this very pass. `mode:` and `automerge-candidate` follow from the same reasons. It sets no status, since a pull request
that a human has to merge isn't wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model import Check, Finding, Judgment, Kind, Location, Report, Snapshot, Tools, Verdict, digest
from bot.text import code, plain
from handlers.facts.modes import OFF, STATES
from handlers.merge.facts import Facts, rules
from handlers.merge.overrides import AUTO, CLASSES, Word, holds, last_word
from handlers.merge.reasons import MODES, PREFERENCE, REASONS, SAFE, Held, held, reasons_table

NAME = "merge"
CANDIDATE = "automerge-candidate"
GROUPS = (CLASSES, MODES, (CANDIDATE,))
MAY = "nothing stands against a merge without a human"
SOONEST, LATEST = 30.0, 3600.0
"""Seconds until another look where something may end by itself, which Forgejo tells nobody."""
SPOKEN = "{label} is what {by} commanded in comment {comment}; it holds until a reason comes or goes."
LAPSED = (
    "{word}, which {by} wrote in comment {comment}, counts no more: reasons came or went since, or somebody prefers "
    "otherwise. Who still means it writes it again."
)


@dataclass(frozen=True)
class Classified:
    """One classification: all that stands against, and the judgments so far, the one of now too.

    `ground` is a hash of what was found; what people prefer isn't in it, since that is said and not found.
    """

    snapshot: Snapshot
    reasons: tuple[Held, ...]
    judgments: tuple[Judgment, ...]
    ground: str

    @property
    def label(self) -> str:
        """Gives the one label of `merge/`."""
        word = self.word(CLASSES)
        if word is not None and word.on:
            return word.label
        return self.reasons[0].reason.label if self.reasons else AUTO

    @property
    def mode(self) -> str:
        """Gives the one label of `mode:`: the strictest among the reasons'."""
        word = self.word(MODES)
        if word is not None and word.on:
            return word.label
        if self.label == AUTO:
            return SAFE
        return min((one.reason.mode for one in self.reasons), key=MODES.index, default=MODES[0])

    @property
    def candidate(self) -> bool:
        """Says whether it is proposed for automatic merging."""
        word = self.word((CANDIDATE,))
        return word.on if word is not None else self.label == AUTO

    def word(self, group: Sequence[str]) -> Word | None:
        """Gives what an operator commanded for a group of labels, as long as it holds.

        What he said against a machine's merge holds until he says another thing; what he said for it, as long as
        nobody prefers otherwise.
        """
        word = last_word(self.snapshot, group)
        if word is None or (group is CLASSES and word.against_auto):
            return word
        preferred = group is CLASSES and any(one.reason.name == PREFERENCE for one in self.reasons)
        return word if not preferred and holds(word, self.judgments, self.ground) else None


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the labels with all reasons; `pending` where all that is missing may come by itself."""
    if rules(snapshot).mode == "off":
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
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
        **_labels(found),
    )


def _classified(snapshot: Snapshot, reasons: tuple[Held, ...]) -> tuple[Classified, Judgment | None]:
    """A classification that rests on something else than the last is a judgment to be kept."""
    ground = _ground(one for one in reasons if one.reason.name != PREFERENCE)
    before = tuple(one for one in snapshot.memory.judgments if one.check == NAME)
    if before and before[-1].ground == ground:
        return Classified(snapshot, reasons, before, ground), None
    names = list(dict.fromkeys(one.reason.name for one in reasons))
    made = Judgment(check=NAME, at=snapshot.taken_at, ground=ground, content={"reasons": names})
    return Classified(snapshot, reasons, (*before, made), ground), made


def _ground(reasons: Iterable[Held]) -> str:
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
    )


def _notes(found: Classified) -> tuple[str, ...]:
    on = {found.label, found.mode, CANDIDATE if found.candidate else ""}
    told = []
    for group in GROUPS:
        word = last_word(found.snapshot, group)
        if word is not None and word.on:
            says = SPOKEN if found.word(group) is not None else LAPSED
            if says is SPOKEN or word.label not in on:
                told.append(says.format(word=word, label=word.label, by=word.by, comment=word.comment_id))
    return tuple(told)


def _labels(found: Classified) -> dict[str, Any]:
    """The labels of a report: one of each exclusive group is on, and the others are off."""
    on = {found.label, found.mode, *((CANDIDATE,) if found.candidate else ())}
    names = [name for group in GROUPS for name in group]
    commanded: dict[str, datetime] = {}
    for group in GROUPS:
        if (word := found.word(group)) is not None:
            commanded |= dict.fromkeys(group, word.at)
    return {
        "labels": {name: name in on for name in names},
        "grounds": dict.fromkeys(names, _ground(found.reasons)),
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
        rows.append(f"| {place} | {code(reason.name)} | {code(reason.label)} | {plain(says) if says else 'no'} |")
    return "\n".join(["|  | Reason | Label | Here |", "| --- | --- | --- | --- |", *rows])


def _again(found: Classified) -> float:
    """Ever more rarely, the longer nothing has happened. What may be merged may be so no more: nobody tells of a status
    that turns red, or of an approval that is dismissed.
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
    labels=tuple(name for group in GROUPS for name in group),
    guards=False,
    tables={"merge-reasons": reasons_table()},
)
