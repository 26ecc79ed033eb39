"""The guard `red-zone`: paths that always need an operator's approval."""

from collections.abc import Iterator

from bot.model import Actor, Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools
from bot.policy import RedZoneGuard, named
from handlers.facts.modes import FILES, STATES, Said, judged, listed, switched_off, unread
from handlers.facts.protection import protected, targets
from handlers.facts.reviews import approvals, void_approvals

NAME = "red-zone"
LABEL = "review:needs-human"
OWN = "opened by an operator; no other operator has approved it"
APPROVE = (
    "An operator must review and approve it. After a later push, a change of the base branch or a rewritten base, it "
    "needs a new approval."
)


def rules(snapshot: Snapshot) -> RedZoneGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.red_zone


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each red-zone pattern that is touched, until an operator approves the head.

    For an operator's own pull request it is only advice: authors cannot approve their own pull requests, and the
    operator knows of the change.
    """
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    zone = red_paths(snapshot)
    operators = snapshot.policy.operators or ()
    by = [login for login in approvals(snapshot) if named(login, operators)]
    own = named(snapshot.inputs.author, operators)
    void = "".join(f"; {one}" for one in void_approvals(snapshot))
    findings = () if by else tuple(_findings(zone, void, own=own))
    touches = f"touches the red zone: {listed(list(zone))}"
    said = Said(
        clean=f"{touches}; approved by {listed(by)}" if zone else "no red-zone path touched",
        found=touches,
        fields={
            "labels": {LABEL: bool(findings) and not own},
            "label_bases": {LABEL: "\n".join(sorted(zone))},
        },
    )
    return judged(NAME, "advise" if own else policy.mode, findings, unread(snapshot, FILES), said)


def red_paths(snapshot: Snapshot) -> dict[str, str]:
    """Gives the names of changed files in the red zone, each with its pattern; empty if the guard is off."""
    policy, seen = rules(snapshot), snapshot.inputs
    return protected(policy.paths, seen.files, targets(seen.added)) if policy.mode != "off" else {}


def _findings(zone: dict[str, str], void: str, *, own: bool) -> Iterator[Finding]:
    for pattern in dict.fromkeys(zone.values()):
        paths = [path for path, by in zone.items() if by == pattern]
        yield Finding(
            rule="red-zone",
            severity=Severity.LOW if own else Severity.HIGH,
            title=f"Touches {pattern}, which always needs an operator's approval",
            location=Location(where="diff", path=paths[0]),
            evidence=f"touched: {listed(paths)}" + (f"; {OWN}" if own else "") + void,
            next_step=APPROVE,
            actor=Actor.NOBODY if own else Actor.OPERATOR,
            action=f"approve the red zone ({listed(paths, 2)})",
        )


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, labels=(LABEL,), guards=False)
