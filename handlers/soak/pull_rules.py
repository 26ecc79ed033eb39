"""What soaks and gates say of a pull request: claims ahead of the state, and what it touches before a gate is open."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Self

from bot.model import Finding, Gap, Location, Severity, Snapshot
from bot.policy import Protected, SectionName
from bot.text import cut
from handlers.facts.change import DOCUMENTS
from handlers.facts.description.sections import read
from handlers.facts.modes import FILES, listed, touched, unread
from handlers.facts.patterns import chosen
from handlers.facts.wording import not_looked_at, quoted
from handlers.soak.claims.classify import Stage, claim_of, sentences
from handlers.soak.claims.markdown import LINES, READ
from handlers.soak.payload import ORDER, StateName
from handlers.soak.state.inputs import all_soak_inputs
from handlers.soak.state.machine import Soak
from handlers.soak.state.next_step import why

CHANGED = ("the changed lines",)
"""How gaps begin that hide changed lines with protected names."""
MAX_CLAIMS = 20
"""Claims ahead of the state that are told: those that are so crowd none out."""
MAX_SENTENCES = 10_000
"""Sentences that are read; more of them are a gap, since they may claim anything."""
SILENT: tuple[SectionName, ...] = ("merge-blockers", "out-of-scope")
"""Sections of a description that speak of what isn't so."""

CLAIMS: dict[Stage, tuple[StateName, str]] = {
    "started": ("soaking", "it has begun"),
    "threshold": ("threshold-met", "enough runs count"),
    "complete": ("audited", "it is passed"),
    "removed": ("removed", "what it guards is removed"),
}
"""What a claim says, and the first state in which it is so."""


@dataclass(frozen=True)
class Said:
    """One sentence that claims something, and where it stands."""

    stage: Stage
    text: str
    at: Location


@dataclass(frozen=True)
class Pull:
    """A pull request with the soaks of its repository."""

    snapshot: Snapshot
    soaks: tuple[Soak, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Gives a pull request with all soaks that were observed for it."""
        return cls(snapshot, tuple(Soak(inputs) for inputs in all_soak_inputs(snapshot)))

    @cached_property
    def claims(self) -> tuple[Said, ...]:
        """Gives the claims in title, description, and what is added to documents."""
        found: list[Said] = []
        names = [name for soak in self.soaks for name in soak.inputs.soak.protects.names]
        for text, at in self._sentences[:MAX_SENTENCES]:
            stage = claim_of(self._unnamed(text), names)
            if stage is not None:
                found.append(Said(stage, text, at))
        return tuple(found)

    @cached_property
    def _sentences(self) -> tuple[tuple[str, Location], ...]:
        return tuple(islice(_sentences(self.snapshot), MAX_SENTENCES + 1))

    def unread(self) -> tuple[Finding, ...]:
        """Gives a finding where there are more sentences than are read, or a text is longer than that."""
        inputs = self.snapshot.inputs
        texts = (inputs.body, *(run.text for run in inputs.added if document(run.path)))
        long = any(len(text) > READ or text.count("\n") > LINES for text in texts)
        if not long and len(self._sentences) <= MAX_SENTENCES:
            return ()
        why = f"there are more than the {READ} characters of a text, or the {MAX_SENTENCES} in all, that are read"
        return (not_looked_at(Gap(what="the sentences", why=why, of=self.snapshot.inputs.head.sha)),)

    def _unnamed(self, text: str) -> str:
        """A soak's name stands where it likes in a sentence, and says nothing of how it is."""
        for soak in self.soaks:
            text = re.sub(rf"(?<![\w-])`?{re.escape(soak.inputs.soak.name)}`?(?![\w-])", "", text)
        return text

    @cached_property
    def touching(self) -> dict[str, tuple[str, ...]]:
        """Gives what the change touches of each soak's protected paths and names, in words; by the soak's name."""
        return {soak.inputs.soak.name: touches(self.snapshot, soak.inputs.soak.protects) for soak in self.soaks}

    def findings(self) -> Iterator[Finding]:
        """Gives a finding for each claim that is ahead, and for each soak whose protected things are touched early."""
        ahead = ((said, self._ahead(said)) for said in self.claims)
        yield from islice((_claimed(said, soak) for said, soak in ahead if soak is not None), MAX_CLAIMS)
        for soak in self.soaks:
            found = self.touching[soak.inputs.soak.name]
            if found and not soak.open:
                yield _early(found, soak)

    def _ahead(self, said: Said) -> Soak | None:
        """The soak of which the claim isn't so; one that names none is let pass where it is so of any."""
        named = [soak for soak in self.soaks if _names(said.text, soak)]
        about = named or list(self.soaks)
        behind = [soak for soak in about if not self._so(said.stage, soak)]
        if not behind or (not named and len(behind) < len(about)):
            return None
        return max(behind, key=lambda soak: soak.rank)

    def _so(self, stage: Stage, soak: Soak) -> bool:
        needed, _ = CLAIMS[stage]
        if stage == "removed" and soak.open and self.touching[soak.inputs.soak.name]:
            return True  # it is the very change that removes it, and it may
        return soak.rank >= ORDER.index(needed) and soak.name != "blocked"


def touches(snapshot: Snapshot, protects: Protected) -> tuple[str, ...]:
    """Gives in words what a change touches: paths by pattern, and names in changed lines of what is no document."""
    paths = touched(protects.paths, snapshot.inputs.files) if protects.paths else {}
    lines = [
        f"{one.name} in {one.path}:{one.line}{' (removed)' if one.removed else ''}"
        for one in snapshot.inputs.protected_lines
        if one.name in protects.names and (one.removed or not document(one.path))
    ]
    return tuple(dict.fromkeys([*paths, *lines]))


def unlooked(snapshot: Snapshot, protections: Sequence[Protected]) -> tuple[Finding, ...]:
    """Gives what couldn't be looked at, and may hide what is protected."""
    kinds = (*(FILES if any(one.paths for one in protections) else ()), *CHANGED)
    return unread(snapshot, kinds) if any(one.paths or one.names for one in protections) else ()


def document(path: str) -> bool:
    """Says whether a file is only read by people."""
    return bool(chosen(DOCUMENTS, path)) or path.endswith(".txt")


def _sentences(snapshot: Snapshot) -> Iterator[tuple[str, Location]]:
    inputs = snapshot.inputs
    yield inputs.title, Location(where="title")
    parts = read(inputs.body, snapshot.policy.contract).parts
    silent = [span for name in SILENT if name in parts for span in parts[name].spans]
    for line, text in sentences(inputs.body):
        if not any(first <= line <= last for first, last in silent):
            yield text, Location(where="body", line=line)
    for run in inputs.added:
        if document(run.path):
            for line, text in sentences(run.text):
                yield text, Location(where="diff", path=run.path, line=run.start + line - 1)


def _names(text: str, soak: Soak) -> bool:
    policy, said = soak.inputs.soak, text.casefold()
    names = (f"#{policy.issue}", policy.name, policy.gate or "", policy.marker or "", *policy.protects.names)
    return any(name and name.casefold() in said for name in names)


def _claimed(said: Said, soak: Soak) -> Finding:
    policy, (needed, means) = soak.inputs.soak, CLAIMS[said.stage]
    return Finding(
        rule="soak-claim",
        severity=Severity.HIGH,
        title=f"It claims of the soak {policy.name} that {means}, and the soak is {soak.name}",
        location=said.at,
        evidence=f"{quoted(said.text)}; {policy.name} isn't {needed}: {cut(why(soak), 200)}",
        next_step=f"Say what is so, or bring the evidence to #{policy.issue} first; /soak there says what is missing.",
    )


def _early(found: Sequence[str], soak: Soak) -> Finding:
    policy = soak.inputs.soak
    opens = f"by {policy.gate} on #{policy.issue}" if policy.gate else f"once #{policy.issue} is audited"
    return Finding(
        rule="soak-protected",
        severity=Severity.CRITICAL,
        title=f"It touches what the soak {policy.name} protects, and its gate isn't open",
        location=Location(where="target"),
        evidence=f"touched: {listed(list(found))}; the soak is {soak.name}: {cut(why(soak), 200)}",
        next_step=f"Wait: the gate opens {opens}, and this turns green by itself; or leave that out of this change.",
    )
