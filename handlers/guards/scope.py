"""The guard `scope`: the modules that a pull request touches, and whether they may be applied automatically."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.model import Actor, Check, Finding, Kind, Location, Report, Severity, Snapshot, Tools
from bot.policy import ScopeGuard
from handlers.facts.modes import FILES, STATES, Said, judged, listed, names, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.protection import protected, targets
from handlers.facts.wording import some

NAME = "scope"
MAX_PATHS = 100
"""Maximum paths for each module, and outside all modules, in the payload."""


@dataclass
class Scope:
    """The touched modules with their paths: `allowed` ones may be applied automatically, `blocked` ones may not.

    `outside` are the paths outside all modules.
    """

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
    """Gives the touched modules, and a finding for each blocked module and for paths outside all modules."""
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
    """Gives the modules that a pull request touches. A file in several modules counts for each.

    What only stands for a path of a module counts for it if the module may not be applied automatically.
    """
    policy, seen = rules(snapshot), snapshot.inputs
    scope, links = Scope(), targets(seen.added)
    held = {
        module.name: protected(module.paths, seen.files, links)
        for module in policy.modules
        if module.name not in policy.auto
    }
    for name in dict.fromkeys(name for file in seen.files for name in names(file)):
        modules = [
            module.name for module in policy.modules if name in held.get(module.name, ()) or chosen(module.paths, name)
        ]
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
            next_step="Ask an operator to apply it, or move these files to a separate pull request.",
            actor=Actor.OPERATOR,
            action=f"decide about the module {module}",
        )
    if scope.outside:
        yield Finding(
            rule="no-module",
            severity=Severity.MEDIUM,
            title=f"{some(len(scope.outside), 'path')} outside all modules",
            location=Location(where="diff", path=scope.outside[0]),
            evidence=f"touched: {listed(scope.outside)}",
            next_step="Remove these paths from this pull request, or ask an operator to add them to a module or to "
            "guards.scope.beside in the policy.",
            actor=Actor.AUTHOR,
            action=f"remove the paths outside all modules ({scope.outside[0]})",
        )


def _summary(scope: Scope) -> str:
    parts = [("allowed", list(scope.allowed)), ("blocked", list(scope.blocked))]
    shown = [f"{word}: {listed(found)}" for word, found in parts if found]
    if scope.outside:
        shown.append(f"{some(len(scope.outside), 'path')} outside all modules")
    return "; ".join(shown) or "no module touched"


def _names(modules: Iterable[str]) -> str:
    return listed(sorted(modules), MAX_PATHS) or "none"


def _explanation(payload: dict[str, Any]) -> str:
    """The payload as a JSON block. No line of it starts with a path, so no path can end the fence."""
    return f"```json\n{json.dumps(payload, indent=2, sort_keys=True)}\n```"


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
