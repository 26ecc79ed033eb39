"""The guard of the documents: what changes has its documents change with it, and no document names what is gone."""

from collections.abc import Iterator, Sequence

from bot.model import Check, Finding, Kind, Location, Mention, Report, Severity, Snapshot, Tools
from bot.policy import DocsDriftGuard, DriftRule
from handlers.facts.modes import FILES, MENTIONS, STATES, Said, judged, listed, switched_off, touched, unread
from handlers.facts.wording import some

NAME = "docs-drift"


def rules(snapshot: Snapshot) -> DocsDriftGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.docs_drift


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each rule whose documents didn't change, and for each path that documents still name."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    stale = tuple(_stale(snapshot)) if policy.mentions == "on" else ()
    findings = (*_drifted(snapshot, policy.rules), *stale)
    unseen = unread(snapshot, (*FILES, *(MENTIONS if policy.mentions == "on" else ())))
    count = some(len(policy.rules), "rule")
    clean = f"{count} kept" if policy.rules else "no document names what is gone"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    found = f"{findings[0].title}{more}" if findings else ""
    return judged(NAME, policy.mode, findings, unseen, Said(clean, found))


def _drifted(snapshot: Snapshot, drift: Sequence[DriftRule]) -> Iterator[Finding]:
    """What was deleted documents nothing, so it keeps no rule."""
    files = snapshot.inputs.files
    there = [file.model_copy(update={"old_path": ""}) for file in files if file.status != "deleted"]
    for rule in drift:
        changed = list(touched(rule.when, files))
        if changed and not touched(rule.need, there):
            yield Finding(
                rule="docs-not-changed",
                severity=Severity.MEDIUM,
                title=f"{rule.name}: what it is about changed, and its documents didn't",
                location=Location(where="diff", path=changed[0]),
                evidence=f"changed: {listed(changed)}",
                next_step=f"Change one of {listed(rule.need)} as well, so that it says what is so now.",
            )


def _stale(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each path that is gone, however many documents name it."""
    moved = {file.old_path: file.path for file in snapshot.inputs.files if file.old_path and file.status != "copied"}
    by_path: dict[str, list[Mention]] = {}
    for mention in snapshot.inputs.mentions:
        by_path.setdefault(mention.path, []).append(mention)
    for path, mentions in sorted(by_path.items()):
        first = mentions[0]
        now = moved.get(path)
        mend = f"Write {now} there" if now else "Take it out there, or write what took its place"
        yield Finding(
            rule="stale-mention",
            severity=Severity.MEDIUM,
            title=f"Documents still name {path}, which " + (f"is {now} now" if now else "is gone"),
            location=Location(where="path", path=first.file, line=first.line),
            evidence=f"named in {listed([f'{one.file}:{one.line}' for one in mentions])}",
            next_step=f"{mend}.",
        )


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
