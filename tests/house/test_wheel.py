"""The package as it is installed elsewhere: what is in it, and that it runs without the checkout."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.stories.server import RULES

ROOT = Path(__file__).parents[2]
NEEDED = (
    "bot/labels.yaml",
    "bot/sandbox/pages/templates/page.html",
    "bot/sandbox/pages/templates/sandbox.css",
    "bot/scan/rules/forge.yaml",
    "bot/store/database/migrations/env.py",
    "bot/store/database/migrations/versions/0001_first_schema.py",
)
MOST_BYTES = 2 * 2**20

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def run(command: Sequence[str], *, cwd: Path, **environment: str) -> str:
    """Runs a program and gives what it printed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def files_under(*folders: str) -> set[str]:
    """What the checkout has in some folders, as paths in the wheel."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def test_all_of_the_program_is_in_it_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    of_ours = {name for name in names if ".dist-info/" not in name}
    assert of_ours == (files_under("bot", "handlers") - files_under("bot/docs")) | {"bot/labels.yaml"}
    assert set(NEEDED) <= of_ours
    assert {name.split("/", 1)[1] for name in names - of_ours} >= {"METADATA", "entry_points.txt", "licenses/LICENSE"}
    assert wheel.stat().st_size < MOST_BYTES


def test_it_runs_elsewhere(wheel: Path, tmp_path: Path) -> None:
    place, here = tmp_path / "unpacked", tmp_path / "here"
    here.mkdir()
    zipfile.ZipFile(wheel).extractall(place)
    program = [sys.executable, "-P", "-m", "bot.cli"]
    # The processes write bytecode, and take the compiled rules of other tests: compiling takes most of their time.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "ASSAY_RULES_CACHE_DIR": str(RULES)}
    where = {"PYTHONPATH": str(place), "HOME": str(here), **compiled}
    assert Path(run([sys.executable, "-P", "-c", "import bot; print(bot.__file__)"], cwd=here, **where)).is_relative_to(
        place
    )
    assert run([*program, "--version"], cwd=here, **where).startswith("assay ")
    assert "demo" in run([*program, "--help"], cwd=here, **where)
    assert "labels" in run([*program, "labels", "lint"], cwd=here, **where)
    assert "secret-leak" in run([*program, "demo", "--once"], cwd=here, **where)
    assert list(here.iterdir()) == []
