"""Generates the diagram and the tables of the packages (rooms) of the program.

The layers are those of import-linter in `pyproject.toml`; uses are read from the imports. Needs a checkout.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp

from bot.docs.markdown import code, fenced, table

ROOT = Path(__file__).parents[2]
CHECKS = "handlers"
BANDS = {
    "bot.docs": "Entry points",
    CHECKS: "The checks",
    "bot.intake": "The loop",
    "bot.observe": "Observation",
    "bot.labels": "Components",
    "bot.model": "Values and rules",
    "bot.concurrent": "For every package",
}
"""The parts of the diagram: each begins with the layer of this package, and extends to the next part."""
BELOW_ALL = "bot.concurrent"
"""The part that every package may use; arrows to it are left out."""

_STYLE = (
    '%%{init: {"flowchart": {"nodeSpacing": 10, "rankSpacing": 28, "padding": 8, '
    '"subGraphTitleMargin": {"top": 4, "bottom": 12}}}}%%'
)


@dataclass(frozen=True)
class House:
    """All packages: their layers from top to bottom, and which packages each uses."""

    layers: Sequence[Sequence[str]]
    uses: Mapping[str, frozenset[str]]

    def below(self, room: str) -> frozenset[str]:
        """Return all packages that a package uses, directly or indirectly."""
        return self.uses[room].union(*(self.below(other) for other in self.uses[room]))

    def arrows(self, room: str) -> list[str]:
        """Return the packages that a package uses directly and through no other one, sorted by name."""
        direct = self.uses[room]
        return sorted(one for one in direct if not any(one in self.below(other) for other in direct - {one}))


@cache
def house() -> House:
    """Return the current packages.

    Raises ValueError for a package without a layer, and OSError outside of a checkout.
    """
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [one for one in settings["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    layers = [
        [f"{contract['containers'][0]}.{name.strip()}" for name in layer.split("|")]
        for contract in contracts
        for layer in contract["layers"]
    ]
    first = next(place for place, layer in enumerate(layers) if layer[0].startswith(CHECKS))
    layers.insert(first, [CHECKS])  # `handlers/__init__.py`, which lists all checks in their order
    graph = grimp.build_graph("bot", "handlers", cache_dir=None)
    uses: dict[str, set[str]] = {room: set() for layer in layers for room in layer}
    modules = graph.modules - {"bot"}
    if homeless := sorted({_room(module) for module in modules} - uses.keys()):
        raise ValueError(f"{homeless[0]} is in no layer; add it to a layer of import-linter in pyproject.toml")
    for module in modules:
        others = map(_room, graph.find_modules_directly_imported_by(module))
        uses[_room(module)].update(other for other in others if other != _room(module))
    return House(layers, {room: frozenset(used) for room, used in uses.items()})


def rooms_picture() -> str:
    """Return the packages in layers as a Mermaid flowchart, without arrows that follow from others."""
    rooms = house()
    bands = _bands(rooms)
    lines = [_STYLE, "flowchart TB"]
    for number, (first, title) in enumerate(BANDS.items()):
        lines.append(f'  subgraph part{number}["{title}"]')
        lines += [f'    {_id(room)}["{_label(room)}"]' for room in bands[first]]
        lines.append("  end")
    ground = bands[BELOW_ALL]
    for room in reversed(list(rooms.uses)):
        if seen := [_id(other) for other in rooms.arrows(room) if other not in ground]:
            lines.append(f"  {_id(room)} --> {' & '.join(seen)}")
    lowest = [room for room in bands["bot.model"] if not rooms.uses[room].difference(ground)]
    lines += [f"  {_id(lowest[-1])} ~~~ {_id(ground[len(ground) // 2])}"]
    return fenced("\n".join(lines), "mermaid")


def rooms_table(top: str) -> str:
    """Return each package of `bot` or `handlers` with its layer, its purpose, and the packages that it uses."""
    rooms = house()
    layers = [layer for layer in rooms.layers if layer[0].split(".")[0] == top]
    rows = (
        (str(number), _place(room), _purpose(room), ", ".join(map(_short, sorted(rooms.uses[room]))) or "none")
        for number, layer in enumerate(layers, 1)
        for room in layer
    )
    return table(("layer", "package", "purpose", "uses"), rows)


def _bands(rooms: House) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for layer in rooms.layers:
        begun = [room for room in layer if room in BANDS]
        if begun:
            found[begun[0]] = []
        found[list(found)[-1]] += layer
    return found


def _room(module: str) -> str:
    """Return the package of a module, such as `bot.git`; `handlers` itself is a separate one."""
    return ".".join(module.split(".")[:2])


def _id(room: str) -> str:
    return room.removeprefix("bot.").replace(".", "_")


def _label(room: str) -> str:
    return "CHECKS" if room == CHECKS else room.rpartition(".")[2]


def _short(room: str) -> str:
    return code(room.removeprefix("bot.").replace("handlers.", "handlers/"))


def _file(room: str) -> Path:
    folder = ROOT / Path(*room.split("."))
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def _place(room: str) -> str:
    path = _file(room).relative_to(ROOT)
    return code(f"{path.parent}/" if path.name == "__init__.py" else str(path))


def _purpose(room: str) -> str:
    """Return the first sentence of the package's docstring."""
    said = ast.get_docstring(ast.parse(_file(room).read_text(encoding="utf-8"))) or ""
    return next(_sentences(said)).removesuffix(".").replace("|", "\\|")


def _sentences(text: str) -> Iterator[str]:
    words = " ".join(text.split())
    while words:
        sentence, stop, words = words.partition(". ")
        yield sentence + stop.rstrip()
