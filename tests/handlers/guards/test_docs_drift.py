"""The guard of the documents: rules of what changes together, and documents that name what is gone."""

from typing import Any

import pytest

from bot.model import ChangedFile, Gap, Mention, Report, Verdict
from handlers.guards.docs_drift import CHECK
from tests.handlers.guards.guarding import deleted, file, files, guarded, moved, report, rules
from tests.snapshots import snapshot

RUNNER = {"name": "the runner", "when": ["deploy/runner/"], "need": ["docs/ci/", "docs/runner.md"]}


async def judged(*changed: ChangedFile, section: dict[str, Any] | None = None, **change: Any) -> Report:
    policy = guarded("docs-drift", **({"rules": [RUNNER]} if section is None else section))
    return await report(CHECK, snapshot(policy=policy, files=changed, **change))


@pytest.mark.parametrize(
    ("changed", "fine"),
    [
        (files("deploy/runner/main.go"), False),
        (files("deploy/runner/main.go", "docs/ci/contract.md"), True),
        (files("deploy/runner/main.go", "docs/runner.md"), True),
        (files("deploy/runner/main.go", "docs/other.md"), False),
        (files("docs/ci/contract.md"), True),
        (files("garden/plan.py"), True),
        ((moved("deploy/runner/a.go", "tools/a.go"),), False),
        ((moved("tools/a.go", "deploy/runner/a.go"),), False),
        ((deleted("deploy/runner/a.go"),), False),
        ((file("deploy/runner/a.go"), deleted("docs/runner.md")), False),
        ((file("deploy/runner/a.go"), moved("docs/ci/a.md", "old/a.md")), False),
        ((file("deploy/runner/a.go"), moved("old/a.md", "docs/ci/a.md")), True),
    ],
)
async def test_when_these_paths_change_one_of_those_has_to(changed: tuple[ChangedFile, ...], *, fine: bool) -> None:
    found = await judged(*changed)
    assert rules(found) == ([] if fine else ["docs-not-changed"])


async def test_the_finding_names_what_changed_and_what_has_to() -> None:
    (finding,) = (await judged(*files(*(f"deploy/runner/{n}.go" for n in range(8))))).findings
    assert "the runner" in finding.title
    assert "deploy/runner/0.go" in finding.evidence
    assert "and 3 more" in finding.evidence
    assert "docs/ci/, docs/runner.md" in finding.next_step


async def test_each_rule_has_its_own_finding() -> None:
    other = {"name": "pumps", "when": ["*.go"], "need": ["docs/pumps.md"]}
    found = await judged(*files("deploy/runner/a.go"), section={"rules": [RUNNER, other]})
    assert len(found.findings) == 2
    assert "(and 1 more)" in found.summary


async def test_documents_that_name_what_is_gone_are_found_once_for_each_path() -> None:
    mentions = (
        Mention(path="old/a.py", file="README.md", line=7),
        Mention(path="old/a.py", file="docs/a.md", line=2),
        Mention(path="gone.py", file="README.md", line=9),
    )
    found = await judged(moved("old/a.py", "new/a.py"), deleted("gone.py"), mentions=mentions)
    assert rules(found) == ["stale-mention", "stale-mention"]
    gone, renamed = found.findings
    assert "was deleted" in gone.title
    assert (renamed.location.path, renamed.location.line) == ("README.md", 7)
    assert renamed.evidence == "mentioned in README.md:7, docs/a.md:2"
    assert renamed.next_step == "Replace it with new/a.py."


async def test_mentions_can_be_left_alone() -> None:
    mentions = (Mention(path="gone.py", file="README.md", line=9),)
    unseen = Gap(what="the search for mentions", why="it took too long")
    section = {"mentions": "off"}
    found = await judged(deleted("gone.py"), section=section, mentions=mentions, gaps=(unseen,))
    assert found.verdict is Verdict.PASS


async def test_a_search_for_mentions_that_failed_is_an_error() -> None:
    found = await judged(deleted("gone.py"), gaps=(Gap(what="the search for mentions", why="it took too long"),))
    assert found.verdict is Verdict.ERROR
