"""A check of another package: it speaks beside ours, and no story breaks because it is there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.policy import PATH
from bot.sandbox.world import OPERATOR, REPOSITORY
from handlers import CHECKS
from tests.stories.contexts import KNOWN
from tests.stories.stage import Stage

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "title_check.py"
NAME = "title"
STORIES = (
    "tests/stories/test_pulls.py::test_a_clean_pull_request_gets_one_report_and_a_green_status",
    "tests/stories/test_pulls.py::test_a_forks_policy_change_switches_nothing_off",
    "tests/stories/trust/test_tampering.py::test_a_commit_of_two_pull_requests_has_the_worse_of_both",
    "tests/stories/trust/test_trust.py::test_a_head_that_cannot_be_looked_at_ends_red_and_not_as_before",
    "tests/stories/checks/test_contracting.py::test_without_a_policy_nobody_hears_of_contract_guards_or_merge",
    "tests/stories/checks/test_guarding.py::test_the_report_of_a_pull_request_has_a_line_for_each_of_the_checks",
    "tests/cli/commands/test_targets.py::test_a_pull_request_is_read_from_git_and_gets_its_status",
)


@pytest.fixture
def installed(tmp_path: Path) -> str:
    """A folder with a package that names the guide's example in the entry-point group, as pip would leave it."""
    folder = tmp_path / "packages"
    about = folder / "title_check-1.0.dist-info"
    about.mkdir(parents=True)
    shutil.copy(EXAMPLE, folder)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: title-check\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[assaymaster.checks]\n{NAME} = title_check:CHECK\n")
    return str(folder)


def test_the_checks_that_the_stories_know_are_there() -> None:
    assert KNOWN - {"policy"} <= {check.name for check in CHECKS}


@pytest.mark.long
async def test_its_status_stands_beside_ours(stage: Stage, installed: str) -> None:
    stage.server.fresh = True
    stage.server.environment["PYTHONPATH"] = installed
    await stage.server.start()
    await stage.hook()
    await stage.sandbox.commit_files(REPOSITORY, "main", {PATH: "statuses: each\n"}, author=OPERATOR)
    _, head = await stage.pull("rain", "RAIN=1\n")

    async def status() -> dict[str, str]:
        combined = await stage.operator.getitem(f"/repos/{REPOSITORY}/commits/{head}/status")
        return {one["context"]: one["status"] for one in combined["statuses"] or []}

    async def spoken() -> bool:
        return f"assay/{NAME}" in await status()

    await stage.until(spoken)
    assert NAME not in KNOWN
    assert await status() == dict.fromkeys(("assay", "assay/secret-leak", f"assay/{NAME}"), "success")


@pytest.mark.long
def test_no_story_breaks(installed: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *STORIES]
    run = subprocess.run(
        command, cwd=ROOT, env=kept | {"PYTHONPATH": installed}, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-5000:]
    assert f"{len(STORIES)} passed" in run.stdout
