"""The guard of the workflows: findings on changed files alone, with their rule's address."""

from typing import Any

import pytest

from bot.model import Gap, Lint, Report, Severity, Verdict
from handlers.guards.workflow_lint import CHECK
from tests.handlers.guards.guarding import deleted, files, guarded, report, rules
from tests.rendered import tokens
from tests.snapshots import snapshot

CI = ".forgejo/workflows/ci.yml"
URL = "https://docs.example/audits/#template-injection"


def lint(path: str = CI, rule: str = "template-injection", **change: Any) -> Lint:
    values = {"tool": "zizmor", "severity": Severity.HIGH, "line": 12, "title": "code by template", "url": URL}
    return Lint(**({"path": path, "rule": rule} | values | change))


async def judged(*lints: Lint, section: dict[str, Any] | None = None, **change: Any) -> Report:
    policy = guarded("workflow-lint", **(section or {}))
    return await report(CHECK, snapshot(**({"policy": policy, "files": files(CI), "lints": lints} | change)))


async def test_a_finding_says_rule_line_tool_and_address() -> None:
    found = await judged(lint())
    (finding,) = found.findings
    assert (found.verdict, finding.rule, finding.severity) == (Verdict.BLOCK, "template-injection", Severity.HIGH)
    assert (finding.location.path, finding.location.line) == (CI, 12)
    assert URL in finding.evidence
    assert f"]({URL})" in found.explanation


async def test_the_worst_stands_first() -> None:
    found = await judged(lint(rule="small", severity=Severity.LOW), lint(rule="big", severity=Severity.CRITICAL))
    assert rules(found) == ["big", "small"]
    assert found.summary == "2 findings in 1 workflow"


async def test_what_stood_there_before_is_no_matter_of_this_pull_request() -> None:
    found = await judged(lint(path=".forgejo/workflows/other.yml"))
    assert (found.verdict, found.summary) == (Verdict.PASS, "no problems in 1 workflow")


@pytest.mark.parametrize("path", [CI, ".gitea/workflows/a.yaml", ".github/workflows/deep/a.yml"])
async def test_workflows_lie_in_three_folders(path: str) -> None:
    assert (await judged(files=files(path))).verdict is Verdict.PASS


@pytest.mark.parametrize("path", ["garden/plan.py", "x/.forgejo/workflows/ci.yml", ".forgejo/workflows/ci.sh"])
async def test_without_a_changed_workflow_there_is_nothing_to_do(path: str) -> None:
    found = await judged(files=files(path))
    assert (found.verdict, found.status) == (Verdict.SKIP, True)


async def test_a_deleted_workflow_has_no_findings() -> None:
    found = await judged(lint(), files=(deleted(CI),))
    assert (found.verdict, found.findings) == (Verdict.SKIP, ())


async def test_rules_can_be_ignored_and_severities_too_low() -> None:
    lints = (lint(rule="a", severity=Severity.LOW), lint(rule="b"), lint(rule="c", severity=Severity.MEDIUM))
    found = await judged(*lints, section={"least": "medium", "ignore": ["b"]})
    assert rules(found) == ["c"]


async def test_a_linter_that_failed_is_an_error() -> None:
    found = await judged(gaps=(Gap(what="the workflow lint", why="it took too long"),))
    assert found.verdict is Verdict.ERROR


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/) [x](https://b.example", "", "http://a b"])
async def test_no_odd_address_becomes_a_link(url: str) -> None:
    found = await judged(lint(url=url))
    assert not [
        part for token in tokens(found.explanation) for part in token.children or [] if part.type == "link_open"
    ]
