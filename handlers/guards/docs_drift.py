"""The guard `docs-drift`: documents change together with their files, and mention no moved or deleted path."""

from collections.abc import Iterator, Sequence

from bot.model import Actor, Check, Finding, Kind, Location, Mention, Report, Severity, Snapshot, Tools
from bot.policy import DocsDriftGuard, DriftRule
from handlers.facts.modes import FILES, MENTIONS, STATES, Said, judged, listed, switched_off, touched, unread
from handlers.facts.protection import STANDS_IN, protected, targets
from handlers.facts.wording import some

NAME = "docs-drift"


def rules(snapshot: Snapshot) -> DocsDriftGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.docs_drift


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each rule whose documents did not change, and for each moved or deleted path that documents
    still mention.
    """
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    stale = tuple(_stale(snapshot)) if policy.mentions == "on" else ()
    findings = (*_drifted(snapshot, policy.rules), *stale)
    unseen = unread(snapshot, (*FILES, *(MENTIONS if policy.mentions == "on" else ())))
    count = some(len(policy.rules), "rule")
    clean = f"{count} satisfied" if policy.rules else "no document mentions a moved or deleted path"
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    found = f"{findings[0].title}{more}" if findings else ""
    return judged(NAME, policy.mode, findings, unseen, Said(clean, found))


def _drifted(snapshot: Snapshot, drift: Sequence[DriftRule]) -> Iterator[Finding]:
    """The findings for rules whose documents did not change. A deleted document does not satisfy a rule; neither does a
    link or a submodule.
    """
    files, links = snapshot.inputs.files, targets(snapshot.inputs.added)
    there = [
        file.model_copy(update={"old_path": ""})
        for file in files
        if file.status != "deleted" and file.new_mode not in STANDS_IN
    ]
    for rule in drift:
        changed = list(protected(rule.when, files, links))
        if changed and not touched(rule.need, there):
            yield Finding(
                rule="docs-not-changed",
                severity=Severity.MEDIUM,
                title=f"{rule.name}: files changed, but their documents did not",
                location=Location(where="diff", path=changed[0]),
                evidence=f"changed: {listed(changed)}",
                next_step=f"Update at least one of these documents: {listed(rule.need)}.",
                actor=Actor.AUTHOR,
                action=f"update the documents of {rule.name}",
            )


def _stale(snapshot: Snapshot) -> Iterator[Finding]:
    """One finding for each moved or deleted path, however many documents mention it."""
    moved = {file.old_path: file.path for file in snapshot.inputs.files if file.old_path and file.status != "copied"}
    by_path: dict[str, list[Mention]] = {}
    for mention in snapshot.inputs.mentions:
        by_path.setdefault(mention.path, []).append(mention)
    for path, mentions in sorted(by_path.items()):
        first = mentions[0]
        now = moved.get(path)
        fix = f"Replace it with {now}" if now else "Remove the mention, or name the replacement"
        yield Finding(
            rule="stale-mention",
            severity=Severity.MEDIUM,
            title=f"Documents still mention {path}, which was " + (f"moved to {now}" if now else "deleted"),
            location=Location(where="path", path=first.file, line=first.line),
            evidence=f"mentioned in {listed([f'{one.file}:{one.line}' for one in mentions])}",
            next_step=f"{fix}.",
            actor=Actor.AUTHOR,
            action=f"correct the mention of {path} in {first.file}",
        )


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
