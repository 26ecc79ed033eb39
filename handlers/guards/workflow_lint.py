"""The guard of the workflows: what linters found in those that the pull request changes. Nothing else is its matter."""

import re
from collections.abc import Sequence

from bot.model import Check, Finding, Kind, Lint, Location, Report, Severity, Snapshot, Tools, Verdict
from bot.policy import WorkflowLintGuard
from bot.text import code, plain
from handlers.facts.modes import FILES, LINTS, STATES, Said, judged, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.wording import some

NAME = "workflow-lint"
WORKFLOWS = tuple(
    f"/{folder}/workflows/**/*.{end}" for folder in (".forgejo", ".gitea", ".github") for end in ("yml", "yaml")
)
NONE = "no workflow was changed"
ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./#?=&%+~-]*)?")
"""Addresses that can stand in a Markdown link as they are."""


def rules(snapshot: Snapshot) -> WorkflowLintGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.workflow_lint


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each that a linter has in a changed workflow; `skip` where none was changed."""
    policy = rules(snapshot)
    if policy.mode == "off":
        return switched_off(NAME)
    changed = {file.path for file in snapshot.inputs.files if file.status != "deleted"}
    workflows = [path for path in changed if chosen(WORKFLOWS, path)]
    unseen = unread(snapshot, (*FILES, *LINTS))
    if not workflows and not unseen:
        return Report(check=NAME, verdict=Verdict.SKIP, summary=NONE)
    lints = sorted(
        (one for one in snapshot.inputs.lints if one.path in changed and _counts(one, policy)),
        key=lambda one: (-one.severity.rank, one.path, one.line, one.rule),
    )
    said = Said(
        clean=f"nothing found in {some(len(workflows), 'workflow')}",
        found=f"{some(len(lints), 'finding')} in {some(len({one.path for one in lints}), 'workflow')}",
        fields={"explanation": _explanation(lints)},
    )
    return judged(NAME, policy.mode, tuple(map(_finding, lints)), unseen, said)


def _counts(lint: Lint, policy: WorkflowLintGuard) -> bool:
    return lint.rule not in policy.ignore and lint.severity.rank >= Severity(policy.least).rank


def _finding(lint: Lint) -> Finding:
    return Finding(
        rule=lint.rule,
        severity=lint.severity,
        title=lint.title,
        location=Location(where="diff", path=lint.path, line=lint.line),
        evidence=f"by {lint.tool}" + (f"; the rule: {lint.url}" if lint.url else ""),
        next_step="Mend the line as the rule says.",
    )


def _explanation(lints: Sequence[Lint]) -> str:
    """A table with links: in the report itself no text of others becomes one."""
    rows = [
        f"| {_rule(one)} | {one.severity} | {code(f'{one.path}:{one.line}')} | {plain(one.title)} |" for one in lints
    ]
    return "\n".join(["| rule | severity | where | what |", "| --- | --- | --- | --- |", *rows]) if rows else ""


def _rule(lint: Lint) -> str:
    name = plain(f"{lint.tool} {lint.rule}", 120)
    return f"[{name}]({lint.url})" if ADDRESS.fullmatch(lint.url) else name


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
