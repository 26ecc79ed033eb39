"""The guard `base`: pull requests target an allowed base branch, or name an open parent that they are stacked on."""

from collections.abc import Sequence

from bot.model import Actor, Check, Finding, Kind, Location, Reference, Report, Severity, Snapshot, Tools
from bot.policy import BaseGuard
from handlers.facts.modes import STATES, Said, judged, listed, switched_off
from handlers.facts.patterns import segment_fits
from handlers.facts.references import relations

NAME = "base"
OPEN = "open"
GONE = {
    "merged": "is already merged",
    "closed": "was closed without a merge",
    "missing": "does not exist",
    "issue": "is an issue, not a pull request",
}
"""The possible problems of a parent."""


def rules(snapshot: Snapshot) -> BaseGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.base


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for a base branch that is not allowed, and for a stacked pull request without an open parent."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    base = snapshot.inputs.base.ref
    allowed = policy.allowed or tuple(filter(None, (snapshot.inputs.default_branch,)))
    findings: tuple[Finding, ...] = ()
    clean = f"targets {base}"
    if not any(segment_fits(pattern, base) for pattern in allowed):
        if policy.stacked == "on":
            parents = _parents(snapshot)
            findings = _stacked(snapshot, allowed, parents)
            clean = f"stacked on {listed([f'!{one.number}' for one in parents if _is_open(one)])}, targets {base}"
        else:
            findings = (_not_allowed(snapshot, allowed),)
    found = findings[0].title if findings else ""
    return judged(NAME, policy.mode, findings, (), Said(clean, found))


def _parents(snapshot: Snapshot) -> tuple[Reference, ...]:
    """The parents that the description names, each with its state; one that was not looked up counts as missing."""
    known = {one.number: one for one in snapshot.inputs.references}
    named = relations(snapshot.inputs.body, snapshot.target.repository)
    numbers = dict.fromkeys(
        one.number for one in named if one.word != "blocked" and one.number not in {0, snapshot.target.number}
    )
    return tuple(known.get(number, Reference(number=number, kind="", state="missing")) for number in numbers)


def _is_open(parent: Reference) -> bool:
    return parent.state == OPEN and parent.kind != Kind.ISSUE


def _stacked(snapshot: Snapshot, allowed: Sequence[str], parents: Sequence[Reference]) -> tuple[Finding, ...]:
    """The findings about parents. One open parent is enough; others may be merged already."""
    if any(map(_is_open, parents)):
        return ()
    return tuple(_no_parent(snapshot, parent) for parent in parents) or (_not_allowed(snapshot, allowed),)


def _not_allowed(snapshot: Snapshot, allowed: Sequence[str]) -> Finding:
    target = listed(allowed) or "a branch that the policy allows"
    stacked = rules(snapshot).stacked == "on"
    parent = ', or add the line "Stacked on: !NUMBER" with the open parent to the description' if stacked else ""
    return Finding(
        rule="parent-not-named" if stacked else "base-not-allowed",
        severity=Severity.HIGH,
        title=f"Base branch {snapshot.inputs.base.ref} is not allowed"
        + (", and no parent is named" if stacked else ""),
        location=Location(where="body" if stacked else "target"),
        evidence=f"allowed: {listed(allowed)}" if allowed else "the policy allows no branch",
        next_step=f"Change the base branch to {target}{parent}.",
        actor=Actor.AUTHOR,
        action=f"change the base branch to {target}" + (", or name the parent" if stacked else ""),
    )


def _no_parent(snapshot: Snapshot, parent: Reference) -> Finding:
    wrong = GONE["issue"] if parent.kind == Kind.ISSUE else GONE.get(parent.state, GONE["missing"])
    fix = "Name an open parent instead, or change the base branch to the default branch"
    return Finding(
        rule="parent-not-open",
        severity=Severity.HIGH,
        title=f"The parent !{parent.number} {wrong}",
        location=Location(where="body"),
        evidence=f"base branch: {snapshot.inputs.base.ref}",
        next_step=f"{fix} ({snapshot.inputs.default_branch}).",
        actor=Actor.AUTHOR,
        action=f"name an open parent instead of !{parent.number}, or change the base branch",
    )


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
