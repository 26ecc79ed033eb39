"""The rules for pull requests: claims that a soak does not support yet, and protected content touched too early."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Self

from bot.model import Actor, Finding, Gap, Location, Severity, Snapshot
from bot.policy import Protected, SectionName
from bot.text import cut
from handlers.facts.change import DOCUMENTS
from handlers.facts.description.sections import read
from handlers.facts.modes import FILES, listed, unread
from handlers.facts.patterns import chosen
from handlers.facts.protection import protected, targets
from handlers.facts.wording import not_looked_at, quoted
from handlers.soak.claims.classify import Stage, claim_of, sentences, unnamed
from handlers.soak.claims.markdown import LINES, READ
from handlers.soak.labels import asks
from handlers.soak.payload import ORDER
from handlers.soak.state.comment_claims import CLAIMS, names
from handlers.soak.state.inputs import all_soak_inputs
from handlers.soak.state.machine import Soak
from handlers.soak.state.next_step import why

CHANGED = ("the changed lines",)
"""Beginnings of gaps that may hide changed lines with protected names."""
MAX_CLAIMS = 20
"""Maximum number of unproven claims that are reported."""
MAX_SENTENCES = 10_000
"""Maximum number of sentences that are read; more of them are reported as a gap, since they may contain claims."""
SILENT: tuple[SectionName, ...] = ("merge-blockers", "out-of-scope")
"""Sections of a description that are not claims: they list what is not done."""


@dataclass(frozen=True)
class Said:
    """A sentence that claims something, and its location."""

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
        """Return a pull request with all soaks that were observed for it."""
        return cls(snapshot, tuple(Soak(inputs) for inputs in all_soak_inputs(snapshot)))

    @cached_property
    def claims(self) -> tuple[Said, ...]:
        """Return the claims in title, description and lines added to documents."""
        found: list[Said] = []
        things = [name for soak in self.soaks for name in soak.inputs.soak.protects.names]
        for text, at in self._sentences[:MAX_SENTENCES]:
            stage = claim_of(unnamed(text, [soak.inputs.soak.name for soak in self.soaks]), things)
            if stage is not None:
                found.append(Said(stage, text, at))
        return tuple(found)

    @cached_property
    def _sentences(self) -> tuple[tuple[str, Location], ...]:
        return tuple(islice(_sentences(self.snapshot), MAX_SENTENCES + 1))

    def unread(self) -> tuple[Finding, ...]:
        """Return a finding if a text is too long or there are too many sentences to read all of them."""
        inputs = self.snapshot.inputs
        texts = (inputs.body, *(run.text for run in inputs.added if document(run.path)))
        long = any(len(text) > READ or text.count("\n") > LINES for text in texts)
        if not long and len(self._sentences) <= MAX_SENTENCES:
            return ()
        why = f"over the limit of {READ} characters or {LINES} lines per text, or {MAX_SENTENCES} sentences in all"
        return (not_looked_at(Gap(what="the sentences", why=why, of=self.snapshot.inputs.head.sha)),)

    @cached_property
    def touching(self) -> dict[str, tuple[str, ...]]:
        """Return for each soak, by name, the protected paths and names that the change touches."""
        return {soak.inputs.soak.name: touches(self.snapshot, soak.inputs.soak.protects) for soak in self.soaks}

    def findings(self) -> Iterator[Finding]:
        """Return a finding for each unproven claim, and for each soak whose protected content is touched too early."""
        ahead = ((said, self._ahead(said)) for said in self.claims)
        yield from islice((_claimed(said, soak) for said, soak in ahead if soak is not None), MAX_CLAIMS)
        for soak in self.soaks:
            found = self.touching[soak.inputs.soak.name]
            if found and not soak.open:
                yield _early(found, soak)

    def _ahead(self, said: Said) -> Soak | None:
        """Return the soak for which the claim is not true, or None. A claim that names no soak passes if it is true for
        any soak.
        """
        named = [soak for soak in self.soaks if names(said.text, soak.inputs.soak)]
        about = named or list(self.soaks)
        behind = [soak for soak in about if not self._so(said.stage, soak)]
        if not behind or (not named and len(behind) < len(about)):
            return None
        return max(behind, key=lambda soak: soak.rank)

    def _so(self, stage: Stage, soak: Soak) -> bool:
        needed, _ = CLAIMS[stage]
        if stage == "removed" and soak.open and self.touching[soak.inputs.soak.name]:
            return True  # the open gate allows this change to do the removal
        return soak.rank >= ORDER.index(needed) and soak.name != "blocked"


def touches(snapshot: Snapshot, protects: Protected) -> tuple[str, ...]:
    """Return what a change touches: paths by pattern, and names in changed lines of files other than documents."""
    seen = snapshot.inputs
    paths = protected(protects.paths, seen.files, targets(seen.added)) if protects.paths else {}
    lines = [
        f"{one.name} in {one.path}:{one.line}{' (removed)' if one.removed else ''}"
        for one in snapshot.inputs.protected_lines
        if one.name in protects.names and (one.removed or not document(one.path))
    ]
    return tuple(dict.fromkeys([*paths, *lines]))


def unlooked(snapshot: Snapshot, protections: Sequence[Protected]) -> tuple[Finding, ...]:
    """Return findings for parts of the change that were not checked and may touch protected content."""
    kinds = (*(FILES if any(one.paths for one in protections) else ()), *CHANGED)
    return unread(snapshot, kinds) if any(one.paths or one.names for one in protections) else ()


def document(path: str) -> bool:
    """Return whether a file is only for people to read."""
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


def _claimed(said: Said, soak: Soak) -> Finding:
    policy, (needed, means) = soak.inputs.soak, CLAIMS[said.stage]
    return Finding(
        rule="soak-claim",
        severity=Severity.HIGH,
        title=f"Unproven claim about the soak {policy.name}: {means} (state: {soak.name})",
        location=said.at,
        evidence=f"{quoted(said.text)}; {policy.name} is not {needed}: {cut(why(soak), 200)}",
        next_step=(
            f"Correct the sentence, or post the evidence on #{policy.issue} first; comment /soak there to see what is "
            "missing."
        ),
        actor=Actor.AUTHOR,
        action=f"correct the claim about the soak {policy.name}",
    )


def _early(found: Sequence[str], soak: Soak) -> Finding:
    policy = soak.inputs.soak
    opens = (
        f"when an operator writes {policy.gate} on #{policy.issue}"
        if policy.gate
        else f"after the audit on #{policy.issue}"
    )
    return Finding(
        rule="soak-protected",
        severity=Severity.CRITICAL,
        title=f"Touches content that the soak {policy.name} protects; its gate is closed",
        location=Location(where="target"),
        evidence=f"touched: {listed(list(found))}; the soak is {soak.name}: {cut(why(soak), 200)}",
        next_step=(
            f"Wait: the gate opens {opens}, and this check then passes by itself. Or remove the protected content from "
            "this change."
        ),
        **_waited_for(soak),
    )


def _waited_for(soak: Soak) -> dict[str, Any]:
    """Who opens the gate: the operator, once the audit is done; until then the change waits for evidence."""
    policy = soak.inputs.soak
    if asks(soak) and policy.gate:
        return {"actor": Actor.OPERATOR, "action": f"decide, and write {policy.gate} on #{policy.issue} to approve"}
    return {"actor": Actor.AUTHOR, "action": f"wait for the soak {policy.name}, or take the protected content out"}
