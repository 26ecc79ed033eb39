"""`assay contract template` in a checkout: what is known is in place, and the rest says TODO."""

import subprocess
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from bot.cli.checkout import RangeError
from bot.cli.commands.contract.app import app
from bot.cli.commands.contract.template import BranchCheckout, places, snapshot_of_branch, template_of
from bot.policy import Policy
from bot.policy.contract import ContractPolicy
from handlers.contract.check import report
from tests.snapshots import report as nothing


def git(folder: Path, *arguments: str) -> str:
    told = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return told.stdout.strip()


@pytest.fixture
def checkout(clean: Path) -> Path:
    """A branch that changes one file, moves one and adds one, beside a remote whose default branch is known."""
    git(clean, "init", "--quiet", "--initial-branch=main")
    git(clean, "config", "user.email", "a@forge.example")
    git(clean, "config", "user.name", "A")
    for name in ("docs/old.md", "garden/plan.py"):
        (clean / name).parent.mkdir(exist_ok=True)
        (clean / name).write_text(f"# {name}\n" * 20)
    git(clean, "add", ".")
    git(clean, "commit", "--quiet", "-m", "start")
    git(clean, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(clean, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    git(clean, "switch", "--quiet", "-c", "codex/water")
    git(clean, "mv", "docs/old.md", "docs/new.md")
    (clean / "garden/plan.py").write_text("print('water')\n")
    (clean / "Makefile").write_text("water:\n")
    git(clean, "add", ".")
    git(clean, "commit", "--quiet", "-m", "water")
    return clean


async def test_a_branch_is_read_as_the_pull_request_that_it_would_become(checkout: Path) -> None:
    branch = await BranchCheckout(checkout).branch("origin/main")
    assert (branch.base, branch.default, branch.dirty) == ("main", "main", False)
    assert branch.head == git(checkout, "rev-parse", "HEAD")
    body = "See `garden/plan.py`, `docs/old.md` and `plan.py`."
    seen = snapshot_of_branch(branch, body, Policy())
    files = {file.path: (file.status, file.old_path) for file in seen.inputs.files}
    assert files == {
        "Makefile": ("added", ""),
        "docs/new.md": ("renamed", "docs/old.md"),
        "garden/plan.py": ("changed", ""),
    }
    assert seen.inputs.paths == {"garden/plan.py": True, "docs/old.md": False, "plan.py": True}
    assert (seen.inputs.base.ref, seen.inputs.default_branch, seen.inputs.head.sha) == ("main", "main", branch.head)


async def test_its_template_lists_the_files_and_says_what_is_left_to_write(checkout: Path) -> None:
    branch = await BranchCheckout(checkout).branch("origin/main")
    written = template_of(report(snapshot_of_branch(branch, "## Why\n\nIt is dry.\n", Policy()), ContractPolicy()))
    assert written.startswith("Canary status: pending - ")
    files = "- `Makefile` - added\n- `docs/new.md` - renamed, was `docs/old.md`\n- `garden/plan.py` - changed\n"
    assert f"### Files touched\n\n{files}" in written
    assert "### Why it changed\n\nIt is dry.\n" in written
    assert "### Requested decision\n\nTODO: " in written


async def test_what_is_not_committed_is_told(checkout: Path) -> None:
    (checkout / "Makefile").write_text("water: all\n")
    assert (await BranchCheckout(checkout).branch("origin/main")).dirty


async def test_a_base_that_is_not_there_or_has_nothing_in_common_is_refused(checkout: Path) -> None:
    with pytest.raises(RangeError, match="commit 'origin/nowhere' not found"):
        await BranchCheckout(checkout).branch("origin/nowhere")
    git(checkout, "checkout", "--quiet", "--orphan", "alone")
    git(checkout, "commit", "--quiet", "-m", "alone")
    with pytest.raises(RangeError, match="no common ancestor"):
        await BranchCheckout(checkout).branch("origin/main")


def test_folders_are_there_too() -> None:
    assert places(["docs/ops/pump.md"]) == {"docs", "docs/ops", "docs/ops/pump.md", "pump.md"}


def test_a_report_without_a_template_is_refused() -> None:
    with pytest.raises(LookupError, match="has no template"):
        template_of(nothing())


def test_the_command_prints_it_by_what_is_written_already(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "draft.md").write_text("Tier: full\n\n## Why\n\nIt is dry, says `garden/plan.py`.\n")
    get_command(app).main(args=["template", "--body-file", "draft.md"], standalone_mode=False)
    told = capsys.readouterr().out
    assert "### Why it changed\n\nIt is dry, says `garden/plan.py`.\n" in told
    assert "- `Makefile` - added\n" in told


def test_the_command_says_how_to_name_a_base(checkout: Path) -> None:
    with pytest.raises(typer.BadParameter, match="commit 'origin/nowhere' not found"):
        get_command(app).main(args=["template", "--base", "origin/nowhere"], standalone_mode=False)
