"""Each guard end to end: one pull request that it is there for, its status, and what the report says."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World
from tests.stories.checks.guarded import POLICY, Change, guard, opened, rain, rows
from tests.stories.contexts import GUARDS

pytestmark = pytest.mark.long

WORKFLOW = """\
on: pull_request
jobs:
  greet:
    runs-on: docker
    steps:
      - run: echo "${{ github.event.pull_request.title }}"
"""
NEEDS_HUMAN = "review:needs-human"


def link(folder: Path) -> None:
    """A link that leads out of the tree."""
    (folder / "garden" / "outside").symlink_to("../../etc/hosts")


def program(folder: Path) -> None:
    """A file that becomes executable."""
    (folder / "garden" / "plan.py").chmod(0o755)


@dataclass(frozen=True)
class Guarded:
    """A pull request that one guard is there for: what is found, and what the report says of it."""

    guard: str
    change: Change
    says: str


CASES = {
    "a change of pumps without their page": Guarded(
        "docs-drift",
        Change({"pumps/well.py": "WELL = 1\n"}),
        "`docs-not-changed` · pumps are written down: files changed, but their documents did not",
    ),
    "a moved file that a page still names": Guarded(
        "docs-drift",
        Change({"garden/plan.py": None, "garden/beds.py": "def total(beds):\n    return sum(beds)\n"}),
        "`stale-mention` · Documents still mention garden/plan.py, which was moved to garden/beds.py",
    ),
    "a workflow that runs what a title says": Guarded(
        "workflow-lint", Change({".forgejo/workflows/greet.yml": WORKFLOW}), "`template-injection`"
    ),
    "a module that no machine may apply": Guarded(
        "scope",
        Change({"release/notes.txt": "Second release.\n"}),
        "`module-blocked` · The module release may not be applied automatically",
    ),
    "a file of no module": Guarded(
        "scope", Change({"odd/thing.txt": "Odd.\n"}), "`no-module` · 1 path outside all modules"
    ),
    "a path of the red zone": Guarded(
        "red-zone",
        Change({"vault/keys.txt": "Elsewhere.\n"}),
        "`red-zone` · Touches vault/, which always needs an operator's approval",
    ),
    "a file that becomes executable": Guarded(
        "modes", Change({"garden/rain.py": "RAIN = 0\n"}, touch=program), "`became-executable`"
    ),
    "a link out of the tree": Guarded(
        "modes",
        Change({"garden/rain.py": "RAIN = 0\n"}, touch=link),
        "`link-out-of-tree` · Symbolic link points outside the repository · `garden/outside`",
    ),
    "a binary": Guarded("modes", Change({"garden/rain.bin": b"\x00\x01\x02" * 50}), "`binary`"),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_guard_is_red_alone_and_says_why(scene: World, name: str) -> None:
    case = CASES[name]
    await guard(scene)
    pull = await opened(scene, "codex/change", case.change)
    states = await pull.states()
    assert {one: states[one] for one in GUARDS if states[one] != "success"} == {case.guard: "failure"}
    assert case.says in await pull.report()
    assert (await pull.line(case.guard)).startswith("⛔ block")


async def test_another_base_is_red_until_the_open_parent_is_named(scene: World) -> None:
    await guard(scene)
    parent = await opened(scene, "codex/rain", rain())
    child = await opened(scene, "codex/snow", Change(rain("snow").files, asked={"base": "codex/rain"}))
    assert (await child.states())["base"] == "failure"
    assert "`parent-not-named` · Base branch codex/rain is not allowed, and no parent is named" in await child.report()
    body = {"body": f"Stacked on: !{parent.number}\n"}
    await scene.api[AGENT].patch(f"/repos/{REPOSITORY}/pulls/{child.number}", body)
    await scene.settled()
    assert (await child.states())["base"] == "success"
    assert "targets codex/rain" in await child.line("base")


async def test_only_an_operators_approval_of_this_head_opens_the_red_zone(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/vault", Change({"vault/keys.txt": "Elsewhere.\n"}))
    await pull.review(WRITER)
    assert (await pull.states())["red-zone"] == "failure"
    assert NEEDS_HUMAN in await scene.labels(pull.number)
    await pull.review(OPERATOR)
    assert (await pull.states())["red-zone"] == "success"
    assert NEEDS_HUMAN not in await scene.labels(pull.number)
    await pull.push({"vault/keys.txt": "Somewhere else.\n"})
    assert (await pull.states())["red-zone"] == "failure"
    assert NEEDS_HUMAN in await scene.labels(pull.number)


async def test_a_mended_change_turns_the_guard_green(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/pumps", Change({"pumps/well.py": "WELL = 1\n"}))
    assert (await pull.states())["docs-drift"] == "failure"
    await pull.push({"docs/pumps.md": "The well has one pump.\n"})
    assert (await pull.states())["docs-drift"] == "success"


async def test_advice_is_green_and_a_guard_that_is_off_says_nothing(scene: World) -> None:
    policy = POLICY.replace("  scope:\n    mode: block", "  scope:\n    mode: advise")
    await guard(scene, policy.replace("  modes:\n    mode: block", "  modes:\n    mode: off"))
    change = Change({"release/notes.txt": "Second release.\n"}, touch=program)
    pull = await opened(scene, "codex/release", change)
    states = await pull.states()
    assert states["scope"] == "success"
    assert "modes" not in states
    table = rows(await pull.report())
    assert table["scope"].startswith("💡 advise")
    assert "modes" not in table


async def test_the_report_of_a_pull_request_has_a_line_for_each_of_the_checks(scene: World) -> None:
    await guard(scene)
    pull = await opened(scene, "codex/rain", rain())
    table = rows(await pull.report())
    assert {"secret-leak", "contract", *GUARDS, "merge"} <= table.keys()
    assert set(await pull.states()) == {"secret-leak", "contract", *GUARDS}


async def test_an_unchanged_pull_request_costs_eight_calls_and_no_write(scene: World) -> None:
    await guard(scene)
    other = await opened(scene, "codex/snow", rain("snow"))
    changes = {"garden/rain.py": "RAIN = 0\n", ".forgejo/workflows/greet.yml": WORKFLOW, "garden/plan.py": None}
    pull = await opened(scene, "codex/rain", Change(changes, body=f"Depends on #{other.number}, see #999."))
    await pull.ci("success")
    await pull.evaluate()
    before = await pull.report()
    scene.sandbox.reset_calls()
    await pull.evaluate()
    calls = [(call.method, call.path) for call in scene.sandbox.calls]
    assert len(calls) <= 8, calls
    assert scene.sandbox.writes == []
    assert await pull.report() == before
