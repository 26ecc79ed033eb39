"""The house: every room has a door that says what it is for, and nobody climbs through a window."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    path for top in ("bot", "handlers") for path in sorted((ROOT / top).rglob("*.py")) if "migrations" not in path.parts
]
DOORS = sorted({path.parent for path in FILES})
MOST_MODULES = 12
MOST_LINES = 300


def named(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {named(path) for path in FILES}


def room(module: str) -> str:
    """`bot.git` for all that is in it; a module that stands under all rooms is its own."""
    return ".".join(module.split(".")[:2])


def public(door: str) -> set[str]:
    """Modules of a room that its door names for others to import from."""
    doc = ast.get_docstring(ast.parse((ROOT / Path(*door.split(".")) / "__init__.py").read_text())) or ""
    found = re.search(r"Public modules: ([^.]*)\.", doc)
    return {f"{door}.{name}" for name in re.findall(r"`(\w+)`", found[1])} if found else set()


def open_to_all(module: str) -> bool:
    """A room's door, or a module that each door on the way names."""
    parts = module.split(".")
    above = [".".join(parts[:end]) for end in range(2, len(parts))]
    return all(".".join(parts[: at + 3]) in public(door) for at, door in enumerate(above))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else node.module for name in whole)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_a_room_is_entered_by_its_door() -> None:
    windows = [
        f"{named(path)} imports {target}: import it from {room(target)}, or name it there"
        for path in FILES
        for target in imports(path)
        if target in MODULES and room(target) != room(named(path)) and not open_to_all(target)
    ]
    assert windows == []


@pytest.mark.parametrize("folder", DOORS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_door_says_what_the_room_is_for(folder: Path) -> None:
    door = ast.parse((folder / "__init__.py").read_text())
    assert len(ast.get_docstring(door) or "") > 20
    missing = {name for name in public(named(folder / "__init__.py")) if name not in MODULES}
    assert missing == set()


@pytest.mark.parametrize("folder", DOORS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_room_can_be_taken_in_at_a_glance(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if not path.name.startswith("__")]
    assert len(modules) <= MOST_MODULES
    long = {path.name for path in folder.glob("*.py") if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set()


def test_what_a_door_exports_is_used_by_others() -> None:
    used = {
        (node.module, alias.name)
        for path in (*FILES, *(ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    unused = [
        f"{named(door)}.{name}"
        for door in FILES
        if door.name == "__init__.py" and named(door) not in {"bot", "handlers", "bot.forgejo.types"}
        for name in exported(door)
        if (named(door), name) not in used
    ]
    assert unused == []


def exported(door: Path) -> list[str]:
    for node in ast.parse(door.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return [str(value) for value in ast.literal_eval(node.value)]
    return []
