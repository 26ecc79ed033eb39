"""The guard `workflow-lint`: linter findings in the workflows that the pull request changes."""

import re
from collections.abc import Sequence

from bot.model import Actor, Check, Finding, Kind, Lint, Location, Report, Severity, Snapshot, Tools, Verdict
from bot.policy import WorkflowLintGuard
from bot.text import cell, plain
from handlers.facts.modes import FILES, LINTS, STATES, Said, judged, switched_off, unread
from handlers.facts.patterns import chosen
from handlers.facts.wording import some

NAME = "workflow-lint"
WORKFLOWS = tuple(
    f"/{folder}/workflows/**/*.{end}" for folder in (".forgejo", ".gitea", ".github") for end in ("yml", "yaml")
)
NONE = "no workflow changed"
ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./#?=&%+~-]*)?")
"""Addresses that are safe in a Markdown link without escaping."""


def rules(snapshot: Snapshot) -> WorkflowLintGuard:
    """Gives the guard's own section of the policy."""
    return snapshot.policy.guards.workflow_lint


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Gives a finding for each linter finding in a changed workflow; `skip` if no workflow changed."""
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
        clean=f"no problems in {some(len(workflows), 'workflow')}",
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
        evidence=f"reported by {lint.tool}" + (f"; rule: {lint.url}" if lint.url else ""),
        next_step="Fix the line as the rule describes.",
        actor=Actor.AUTHOR,
        action=f"fix the workflow {lint.path}:{lint.line} ({lint.rule})",
    )


def _explanation(lints: Sequence[Lint]) -> str:
    """The findings as a table with links. The report itself shows no links from untrusted text."""
    rows = [
        f"| {_rule(one)} | {one.severity} | {cell(f'{one.path}:{one.line}')} | {plain(one.title)} |" for one in lints
    ]
    return "\n".join(["| rule | severity | where | what |", "| --- | --- | --- | --- |", *rows]) if rows else ""


def _rule(lint: Lint) -> str:
    name = plain(f"{lint.tool} {lint.rule}", 120)
    return f"[{name}]({lint.url})" if ADDRESS.fullmatch(lint.url) else name


CHECK = Check(name=NAME, on=frozenset({Kind.PULL}), assess=assess, states=STATES, guards=False)
