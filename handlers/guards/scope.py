"""The guard of the scope: which modules a pull request touches, and which of them may be applied by machines alone."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.model import Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools
from bot.policy import ScopeGuard
from handlers.facts.modes import FILES, STATES, Said, judged, listed, names, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.wording import some

NAME = "scope"
MAX_PATHS = 100
"""Paths of one module, and of none, that the payload names."""


@dataclass
class Scope:
    """The modules that are touched, each with its paths, by whether they may be applied alone; `outside` has none."""

    allowed: dict[str, list[str]] = field(default_factory=dict)
    blocked: dict[str, list[str]] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)

    def payload(self) -> dict[str, Any]:
        """Gives `auto-apply-scope.json`: names of allowed and blocked modules, and the paths of each."""
        modules = {**self.allowed, **self.blocked}
        return {
            "allowed": sorted(self.allowed),
            "blocked": sorted(self.blocked),
            "outside": self.outside[:MAX_PATHS],
            "paths": {name: modules[name][:MAX_PATHS] for name in sorted(modules)},
        }


def rules(snapshot: Snapshot) -> ScopeGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.scope


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives allowed and blocked modules, and a finding for what no machine may apply alone."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    scope = scope_of(snapshot)
    findings = tuple(_findings(scope))
    payload = scope.payload()
    said = Said(
        clean=_summary(scope),
        found=_summary(scope),
        notes=(f"Allowed modules: {_names(scope.allowed)}. Blocked modules: {_names(scope.blocked)}.",),
        fields={"data": payload, "explanation": _explanation(payload)},
    )
    return judged(NAME, policy.mode, findings, unread(snapshot, FILES), said)


def scope_of(snapshot: Snapshot) -> Scope:
    """Gives the modules that a pull request touches. A file of several counts for each."""
    policy = rules(snapshot)
    scope = Scope()
    for name in dict.fromkeys(name for file in snapshot.inputs.files for name in names(file)):
        modules = [module.name for module in policy.modules if chosen(module.paths, name)]
        for module in modules:
            (scope.allowed if module in policy.auto else scope.blocked).setdefault(module, []).append(name)
        if not modules and not chosen(policy.beside, name):
            scope.outside.append(name)
    return scope


def _findings(scope: Scope) -> Iterator[Finding]:
    for module, paths in sorted(scope.blocked.items()):
        yield Finding(
            rule="module-blocked",
            severity=Severity.MEDIUM,
            title=f"The module {module} may not be applied automatically",
            location=Location(where="diff", path=paths[0]),
            evidence=f"touched: {listed(paths)}",
            next_step="An operator applies it; or take these files into a pull request of their own.",
        )
    if scope.outside:
        yield Finding(
            rule="no-module",
            severity=Severity.MEDIUM,
            title=f"{some(len(scope.outside), 'path')} of no module",
            location=Location(where="diff", path=scope.outside[0]),
            evidence=f"touched: {listed(scope.outside)}",
            next_step="Take them out of this pull request; or an operator gives them a module, or names them under "
            "guards.scope.beside, in the policy.",
        )


def _summary(scope: Scope) -> str:
    parts = [("allowed", list(scope.allowed)), ("blocked", list(scope.blocked))]
    told = [f"{word}: {listed(found)}" for word, found in parts if found]
    if scope.outside:
        told.append(f"{some(len(scope.outside), 'path')} of no module")
    return "; ".join(told) or "touches no module"


def _names(modules: Iterable[str]) -> str:
    return listed(sorted(modules), MAX_PATHS) or "none"


def _explanation(payload: dict[str, Any]) -> str:
    """No line of the JSON begins with a path, so none can end the fence."""
    return f"```json\n{json.dumps(payload, indent=2, sort_keys=True)}\n```"


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
