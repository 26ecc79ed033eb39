"""Files that people write by hand: each mistake is told with its line."""

import time

import pytest
from pydantic import BaseModel, ConfigDict

from bot.text.yaml_model import MAX_BYTES, YamlFile, YamlFileError


class Shelf(BaseModel):
    """A small file's model."""

    model_config = ConfigDict(extra="forbid")

    books: tuple[str, ...] = ()
    owner: str = ""


def refusal(text: str) -> str:
    with pytest.raises(YamlFileError) as caught:
        YamlFile(text, "shelf.yaml").read(Shelf, Shelf.model_fields)
    return str(caught.value)


def test_a_good_file_is_read_and_knows_its_lines() -> None:
    file = YamlFile("owner: me\nbooks:\n  - one\n  - two\n", "shelf.yaml")
    assert file.read(Shelf) == Shelf(owner="me", books=("one", "two"))
    assert [file.line_of("books", 1), file.line_of("books", 9), file.line_of("nothing")] == [4, 2, 1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("owner: me\nbook: []\n", "shelf.yaml:2: unknown key `book`; did you mean `books`?"),
        ("owner: me\nzzz: 1\n", "shelf.yaml:2: unknown key `zzz`; remove it"),
        ("owner: me\nowner: you\n", "shelf.yaml:2: duplicate key `owner`; remove one"),
        ("owner: 12\n", "shelf.yaml:1: `owner`: expected text; put the value in quotes"),
        (
            "books:\n  - one\n  - 2\n",
            "shelf.yaml:3: `books.1`: expected text; put the value in quotes",
        ),
        ("books: 1\n", "shelf.yaml:1: `books`: expected a list, such as [a, b]"),
        ("", "shelf.yaml:1: the file must be a mapping of keys to values"),
        ("- one\n", "shelf.yaml:1: the file must be a mapping of keys to values"),
        ("owner: &me me\nbooks: [*me]\n", "shelf.yaml:2: YAML aliases are not supported; write the value out"),
        ("\nbooks: " + "[" * 9999, "shelf.yaml:2: nested more than 20 levels deep; use fewer levels"),
        ("x" * (MAX_BYTES + 1), "shelf.yaml: the file is larger than 256 KiB; shorten it"),
    ],
)
def test_each_mistake_has_its_line_and_mend(text: str, told: str) -> None:
    assert refusal(text) == told


@pytest.mark.parametrize(
    "text",
    ["books: [", "a: \x00", "\ud800", "a: 2020-99-99", "a: 1\n---\nb: 2\n", "{}: 1", "!!python/object:os.system {}"],
)
def test_what_is_not_plain_yaml_is_refused(text: str) -> None:
    assert "invalid YAML: " in refusal(text)


@pytest.mark.parametrize("value", ["!!bool x", '!!int ""', "!!timestamp foo", '!!float ""'])
def test_a_value_other_than_its_tag_says_is_told_with_its_line(value: str) -> None:
    told = "shelf.yaml:2: invalid YAML: the value does not match its tag; fix the syntax there"
    assert refusal(f"books: []\nowner: {value}\n") == told


@pytest.mark.parametrize("end", ["", ".0"])
def test_nothing_is_counted_in_base_60(end: str) -> None:
    long = ":".join(["1"] * 100_000) + end
    before = time.process_time()
    assert YamlFile(f"owner: {long}\n", "shelf.yaml").read(Shelf).owner == long
    tagged = refusal(f"owner: !!{'float' if end else 'int'} {long}\n")
    assert tagged == "shelf.yaml:1: invalid YAML: a number with a colon; put it in quotes"
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-0x1f", -31), ("1_000", 1000), ("1.5", 1.5), (".5", 0.5), ("1.5e+3", 1500.0)],
)
def test_numbers_are_what_they_were(text: str, value: float) -> None:
    class Numbered(BaseModel):
        number: int | float

    assert YamlFile(f"number: {text}\n", "shelf.yaml").read(Numbered).number == value


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(YamlFileError) as caught:
        YamlFile("owner: 1\nbooks: 2\n", "shelf.yaml").read(Shelf)
    assert len(caught.value.problems) == 2
