"""The page of the architecture: what it names is there, and its picture and tables are of the rooms as they are."""

import ast
import re
from pathlib import Path

import pytest

from bot.docs import rooms
from bot.docs.model_tables import in_words, inputs_table, items_table
from bot.docs.rooms import BANDS, House, house, rooms_picture, rooms_table
from bot.docs.sources import piece
from bot.docs.tables import checks_table
from bot.model import Inputs
from handlers import CHECKS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "architecture.md"
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
IN_CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:[\w.-]+/)+(?:[\w.-]+)?|[\w.-]+\.(?:py|toml|md|yaml|yml|lock)")
ELSEWHERE = frozenset({".forgejo/assay.yml", "assay.toml", "__init__.py", "merge/", "assay/title"})
"""Files of a served repository, of an installation, of every package; labels, and a status."""
MOST_CHARACTERS = 5000
"""What Forgejo draws unless its `MERMAID_MAX_SOURCE_CHARACTERS` says otherwise."""


def test_every_path_that_is_named_exists() -> None:
    words = IN_CODE.findall(FENCED.sub("", PAGE.read_text(encoding="utf-8")))
    paths = {word for word in words if PATH.fullmatch(word)} - ELSEWHERE
    assert len(paths) > 60
    # Rooms of the checks are named as `handlers/soak` in the tables.
    assert sorted(path for path in paths if not (ROOT / path).exists() and not (ROOT / f"{path}.py").exists()) == []


def test_each_step_of_a_delivery_names_its_file() -> None:
    text = PAGE.read_text(encoding="utf-8")
    way = text.partition("## How a delivery is processed\n")[2].partition("\n## ")[0]
    steps = re.split(r"^\d+\. ", way, flags=re.MULTILINE)[1:]
    assert len(steps) == 14
    assert [step for step in steps if not re.search(r"`bot/[\w/]+\.py`", step)] == []


def test_the_picture_has_every_room_once_and_is_small_enough_to_be_drawn() -> None:
    picture = rooms_picture()
    drawn = re.findall(r'^    (\w+)\["(\w+)"\]$', picture, re.MULTILINE)
    assert len(drawn) == len(set(drawn)) == len(house().uses)
    assert picture.count("subgraph") == len(BANDS)
    assert len(picture) < MOST_CHARACTERS


def test_arrows_lead_down_and_from_them_follows_every_use() -> None:
    now = house()
    height = {room: number for number, layer in enumerate(now.layers) for room in layer}
    drawn = House(now.layers, {room: frozenset(now.arrows(room)) for room in now.uses})
    for room in now.uses:
        assert drawn.below(room) == now.below(room)
        inside = [one for one in now.uses[room] if one.split(".")[0] == room.split(".")[0]]
        assert all(height[one] > height[room] for one in inside)


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    three = House((("a",), ("b",), ("c",)), {"a": frozenset("bc"), "b": frozenset("c"), "c": frozenset()})
    assert {room: three.arrows(room) for room in "abc"} == {"a": ["b"], "b": ["c"], "c": []}


def test_a_room_without_a_layer_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings.replace('  "soak",\n', ""), encoding="utf-8")
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"handlers\.soak is in no layer"):
        house.__wrapped__()


@pytest.mark.parametrize("top", ["bot", "handlers"])
def test_every_room_says_in_one_sentence_what_it_is_for(top: str) -> None:
    lines = rooms_table(top).splitlines()[2:]
    folders = {f"`{path.parent.relative_to(ROOT)}/`" for path in (ROOT / top).glob("*/__init__.py")}
    cells = [line.strip("| ").split(" | ") for line in lines]
    assert folders <= {place for _, place, *_ in cells}
    assert all(len(purpose) > 10 and not purpose.endswith(".") for _, _, purpose, _ in cells)


def test_every_field_of_the_inputs_is_described() -> None:
    lines = inputs_table().splitlines()[2:]
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines]
    assert [name.strip("`") for name, *_ in cells] == list(Inputs.model_fields)
    assert all(about.endswith(".") for _, _, about in cells)


def test_the_values_in_the_inputs_stand_below() -> None:
    text = items_table()
    assert "| `Leak` | `rule`, `family`," in text
    assert "| `RunSeen` |" in text


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ("tuple[Leak, ...]", "list of `Leak`"),
        ("datetime | None", "time or nothing"),
        ("dict[str, bool]", "yes or no for each text"),
        ("Annotated[tuple[str, ...], Field()]", "list of text"),
    ],
)
def test_types_stand_in_words(annotation: str, words: str) -> None:
    assert in_words(ast.parse(annotation, mode="eval").body) == words


def test_a_type_without_words_is_an_error() -> None:
    with pytest.raises(TypeError, match="has no words"):
        in_words(ast.parse("list[str]", mode="eval").body)


def test_the_checks_stand_in_their_order() -> None:
    names = re.findall(r"^\| \d+ \| `([\w-]+)`", checks_table(), re.MULTILINE)
    assert names == [check.name for check in CHECKS if check.assess.__module__.startswith("handlers.")]


def test_a_piece_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        piece("handlers/facts/modes.py", "weather")
