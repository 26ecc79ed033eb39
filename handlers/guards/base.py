"""The guard of the base branch: pull requests go into allowed branches, or name the one that they are stacked on."""

from collections.abc import Sequence

from bot.model import Check, Finding, Kind, Location, Reference, Report, Severity, Snapshot, Tools
from bot.policy import BaseGuard
from handlers.facts.modes import STATES, Said, judged, listed, switched_off
from handlers.facts.patterns import segment_fits
from handlers.facts.references import relations

NAME = "base"
OPEN = "open"
GONE = {
    "merged": "is merged; its branch gets nothing further",
    "closed": "was closed without a merge",
    "missing": "isn't there",
    "issue": "is an issue, and has no branch",
}
"""What can be wrong with a parent."""


def rules(snapshot: Snapshot) -> BaseGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.base


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for a base branch that isn't allowed, and for a stacked pull request without an open parent."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    base = snapshot.inputs.base.ref
    allowed = policy.allowed or tuple(filter(None, (snapshot.inputs.default_branch,)))
    findings: tuple[Finding, ...] = ()
    clean = f"goes into {base}"
    if not any(segment_fits(pattern, base) for pattern in allowed):
        if policy.stacked == "on":
            parents = _parents(snapshot)
            findings = _stacked(snapshot, allowed, parents)
            clean = f"stacked on {listed([f'!{one.number}' for one in parents if _stands(one)])}, goes into {base}"
        else:
            findings = (_not_allowed(snapshot, allowed),)
    found = findings[0].title if findings else ""
    return judged(NAME, policy.mode, findings, (), Said(clean, found))


def _parents(snapshot: Snapshot) -> tuple[Reference, ...]:
    """The parents that the description names, each as it stands; what nobody looked up is missing."""
    known = {one.number: one for one in snapshot.inputs.references}
    told = relations(snapshot.inputs.body, snapshot.target.repository)
    numbers = dict.fromkeys(
        one.number for one in told if one.word != "blocked" and one.number not in {0, snapshot.target.number}
    )
    return tuple(known.get(number, Reference(number=number, kind="", state="missing")) for number in numbers)


def _stands(parent: Reference) -> bool:
    return parent.state == OPEN and parent.kind != Kind.ISSUE


def _stacked(snapshot: Snapshot, allowed: Sequence[str], parents: Sequence[Reference]) -> tuple[Finding, ...]:
    """One open parent is enough: another may be merged already."""
    if any(map(_stands, parents)):
        return ()
    return tuple(_no_parent(snapshot, parent) for parent in parents) or (_not_allowed(snapshot, allowed),)


def _not_allowed(snapshot: Snapshot, allowed: Sequence[str]) -> Finding:
    target = listed(allowed) or "a branch that the policy allows"
    stacked = rules(snapshot).stacked == "on"
    parent = ', or write the line "Stacked on: !NUMBER" with its open parent into the description' if stacked else ""
    return Finding(
        rule="parent-not-named" if stacked else "base-not-allowed",
        severity=Severity.HIGH,
        title=f"It goes into {snapshot.inputs.base.ref}" + (" and names no parent" if stacked else ""),
        location=Location(where="body" if stacked else "target"),
        evidence=f"allowed: {listed(allowed)}" if allowed else "no branch is allowed",
        next_step=f"Change the base branch to {target}{parent}.",
    )


def _no_parent(snapshot: Snapshot, parent: Reference) -> Finding:
    wrong = GONE["issue"] if parent.kind == Kind.ISSUE else GONE.get(parent.state, GONE["missing"])
    mend = "Name its open parent instead, or change the base branch to the default branch"
    return Finding(
        rule="parent-not-open",
        severity=Severity.HIGH,
        title=f"Its parent !{parent.number} {wrong}",
        location=Location(where="body"),
        evidence=f"it goes into {snapshot.inputs.base.ref}",
        next_step=f"{mend} ({snapshot.inputs.default_branch}).",
    )


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
