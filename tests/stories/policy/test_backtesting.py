"""`assay policy backtest` on twenty pull requests of different kinds that the bot has looked at: what it says of each,
and that nothing is written anywhere.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from bot.policy import PATH
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, World
from tests.handlers.contract.contracts import LITE_BODY
from tests.stories.pushes import token_line

STRICT = """\
secret-leak: {mode: advise}
contract: {mode: advise}
guards:
  base: {mode: block, stacked: off}
  docs-drift: {mode: advise, rules: [{name: the plan, when: [garden/], need: [docs/, README.md]}]}
  workflow-lint: {mode: advise}
  scope: {mode: block, modules: [{name: garden, paths: [garden/]}], auto: [garden], beside: [docs/, "*.md"]}
  red-zone: {mode: block, paths: [deploy/]}
  modes: {mode: block}
labels:
  rules: [{name: the plan, when: {paths: [garden/plan.py]}, labels: [domain:runtime]}]
merge: {mode: on, approvals: 0}
"""
WORKFLOW = "on: push\njobs:\n  water:\n    runs-on: docker\n    steps:\n      - run: date\n"
MOVED = {"docs/watering.md": None, "docs/water.md": "Water in the morning.\n"}


class Kind(NamedTuple):
    """One kind of pull request: what it changes, its title, and what else it is opened with."""

    files: Mapping[str, str | bytes | None]
    title: str = "feat: a bed"
    more: Mapping[str, Any] = MappingProxyType({})


KINDS = {
    "clean": Kind({"garden/rain.py": "RAIN = 1\n"}),
    "documents": Kind({"docs/rain.md": "Rain waters.\n"}, "docs: the rain"),
    "contract": Kind({"docs/ops/pump-contract.md": "Lease.\n"}, "docs: the lease", {"body": LITE_BODY}),
    "leak": Kind({"deploy/runner.env": token_line()}, "feat: deploy"),
    "draft": Kind({"garden/mist.py": "MIST = 1\n"}, "WIP: mist"),
    "merged": Kind({"garden/dew.py": "DEW = 1\n"}, "feat: dew"),
    "closed": Kind({"garden/ice.py": "ICE = 1\n"}, "feat: ice"),
    "stacked": Kind({"garden/more.py": "MORE = 1\n"}, "feat: more", {"base": "clean"}),
    "red zone": Kind({"deploy/app.yaml": "replicas: 1\n"}, "ops: another replica"),
    "workflow": Kind({".forgejo/workflows/water.yml": WORKFLOW}, "ci: water"),
    "broken workflow": Kind({".forgejo/workflows/dig.yml": "jobs: [dig]\n"}, "ci: dig"),
    "binary": Kind({"garden/seed.bin": bytes(range(256)) * 8}, "feat: seeds"),
    "moved": Kind(MOVED, "docs: a shorter name"),
    "deleted": Kind({"garden/plan.py": None}, "refactor: no plan"),
    "plan": Kind({"garden/plan.py": "def total(beds):\n    return max(beds)\n"}, "fix: the largest bed"),
    "security": Kind({"auth/login.py": "OPEN = False\n"}, "security: close the gate"),
    "many files": Kind({f"garden/part_{n}.py": f"PART = {n}\n" for n in range(40)}, "feat: forty beds"),
    "no title": Kind({"garden/wind.py": "WIND = 1\n"}, "wind"),
    "held": Kind({"garden/sun.py": "SUN = 1\n"}, "feat: sun"),
    "outside": Kind({"tools/rake.py": "RAKE = 1\n"}, "feat: a rake"),
}


EXPECTED = {
    ("leak", "secret-leak"): "block → advise",
    ("clean", "base"): "skip → pass",
    ("clean", "docs-drift"): "skip → advise",
    ("clean", "contract"): "skip → advise (partial data)",
    ("contract", "contract"): "skip → pass (partial data)",
    ("documents", "docs-drift"): "skip → pass",
    ("moved", "docs-drift"): "skip → pass (partial data)",
    ("stacked", "base"): "skip → block (partial data)",
    ("red zone", "red-zone"): "skip → block",
    ("outside", "scope"): "skip → block",
    ("binary", "modes"): "skip → block",
    ("broken workflow", "workflow-lint"): "skip → pass (partial data)",
    ("merged", "docs-drift"): "skip → advise",
    ("closed", "scope"): "skip → pass",
}
CLASSES = {
    "leak": "merge/manual-security-sensitive",
    "security": "merge/manual-security-sensitive",
    "red zone": "merge/manual-red-zone",
    "binary": "merge/manual-failing-tests",
    "outside": "merge/manual-unclear-scope",
    "held": "merge/manual-operator-preference",
    "clean": "merge/manual-unknown",
}


async def opened(scene: World) -> dict[str, int]:
    """The pull requests' numbers by kind; each was looked at."""
    numbers = {}
    for name, kind in KINDS.items():
        branch = name.replace(" ", "-")
        await scene.sandbox.commit_files(REPOSITORY, branch, kind.files, author=AGENT)
        numbers[name] = await scene.open_pull(AGENT, branch, kind.title, **kind.more)
    await scene.write(OPERATOR, numbers["held"], "/hold")
    await scene.settled()
    repo = f"/repos/{REPOSITORY}/pulls"
    await scene.api[OPERATOR].post(f"{repo}/{numbers['merged']}/merge", {"Do": "merge"})
    await scene.api[OPERATOR].patch(f"{repo}/{numbers['closed']}", {"state": "closed"})
    await scene.settled()
    return numbers


async def assay(scene: World, *arguments: str) -> str:
    """What the command prints, as a process of its own beside the bot's database; it knows of no token."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ASSAY_")},
        "ASSAY_DATA_DIR": str(scene.machine.settings.data_dir),
        "ASSAY_OPERATORS": OPERATOR,
        "NO_COLOR": "1",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", *arguments, env=environment, cwd=scene.root, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


def content(data: Path) -> list[str]:
    """All that the database holds, as SQL."""
    with closing(sqlite3.connect(data / "assay.db")) as database:
        return list(database.iterdump())


@pytest.mark.long
async def test_a_backtest_of_twenty_kinds_says_what_would_be_different_and_writes_nothing(scene: World) -> None:
    numbers = await opened(scene)
    kinds = {number: name for name, number in numbers.items()}
    (scene.root / "strict.yml").write_text(STRICT)
    await scene.machine.engine.stop()  # nothing but the command is at work from here on
    scene.sandbox.reset_calls()
    before = content(scene.machine.settings.data_dir)

    told = await assay(scene, "policy", "backtest", "strict.yml", "--last", "20")
    found = json.loads(await assay(scene, "policy", "backtest", "strict.yml", "--last", "20", "--json"))

    assert scene.sandbox.calls == []
    assert content(scene.machine.settings.data_dir) == before
    assert "\nworkshop/garden: 20 pull requests compared, 20 with a different result\n" in told
    assert told.count("\n!") == len(found["pulls"]) == len(KINDS) == 20
    assert found["partly_seen"] == 20
    assert found["not_tried"] == {"unreadable": 0, "large": 0, "late": 0}
    shifts = {
        (kinds[pull["number"]], one["check"]): f"{one['before']} → {one['after']}"
        for pull in found["pulls"]
        for one in pull["shifts"]
    }
    assert {key: shifts[key] for key in EXPECTED} == EXPECTED
    classes = {kinds[pull["number"]]: pull["merge"][1] for pull in found["pulls"]}
    assert {name: classes[name] for name in CLASSES} == CLASSES
    assert "+domain:runtime" in told.split(f"!{numbers['plan']} ")[1].split("\n!")[0]


async def test_what_was_looked_at_for_a_check_is_tried_whole(scene: World) -> None:
    commit = await scene.sandbox.commit_files(REPOSITORY, "main", {PATH: STRICT}, author=OPERATOR)
    await scene.machine.policies.trust(scene.repo, commit, OPERATOR)
    kind = KINDS["broken workflow"]
    await scene.sandbox.commit_files(REPOSITORY, "dig", kind.files, author=AGENT)
    await scene.open_pull(AGENT, "dig", kind.title)
    await scene.settled()
    (scene.root / "block.yml").write_text(
        STRICT.replace("workflow-lint: {mode: advise}", "workflow-lint: {mode: block}")
    )
    found = json.loads(await assay(scene, "policy", "backtest", "block.yml", "--json"))
    (pull,) = found["pulls"]
    assert {"check": "workflow-lint", "before": "error", "after": "block"} in pull["shifts"]
    assert {one["check"] for one in pull["shifts"]} <= {"workflow-lint", "merge"}
    assert found["partly_seen"] == 0
