"""The lock files: what production installs is locked by hash, and has no package that only the development needs."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENTRY = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==(\S+)(.*?)(?=^[a-z0-9]|\Z)", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def locked(file: str) -> dict[str, tuple[str, str]]:
    """Each package of a lock file with its version, and all that stands under it."""
    found = ENTRY.findall((ROOT / file).read_text(encoding="utf-8"))
    return {name: (version, rest) for name, version, rest in found}


def declared(group: str = "") -> set[str]:
    """The packages that `pyproject.toml` names: what the program needs, or a group of the development."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = settings["dependency-groups"][group] if group else settings["project"]["dependencies"]
    return {match[0].lower().replace("_", "-") for one in wanted if (match := NAME.match(one))}


def test_production_needs_no_package_of_the_development() -> None:
    runtime = locked("requirements.lock")
    assert declared() <= runtime.keys()
    assert not declared("dev") & runtime.keys()


def test_the_development_has_all_that_production_has_in_the_same_versions() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert declared("dev") <= development.keys()
    assert {name: version for name, (version, _) in runtime.items()} == {
        name: version for name, (version, _) in development.items() if name in runtime
    }


def test_every_package_is_locked_by_hash() -> None:
    for file in ("requirements.lock", "requirements-dev.lock"):
        assert [name for name, (_, rest) in locked(file).items() if "--hash=sha256:" not in rest] == []
