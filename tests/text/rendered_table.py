"""Prints what Forgejo shows and what the bot obeys, form by form: `python -m tests.text.rendered_table`."""

import re
from typing import NamedTuple

from bot.policy import ContractPolicy
from handlers.facts.description.command_lines import find
from handlers.facts.description.phrases import wrote
from handlers.facts.description.sections import read
from tests.text.shown import Page, Rendering, page, renderings

PHRASE, CONTENT = "cutover-approved", "The pump is new."
RULES = ContractPolicy()


class Row(NamedTuple):
    """A form: whether Forgejo shows its line as plain text, and whether the bot takes it as such."""

    form: str
    kind: str
    shown: bool
    obeyed: bool


def row(one: Rendering) -> Row:
    """Compares one rendering with the bot's reading of the same text."""
    seen = page(one.html)
    if one.kind == "command":
        return Row(one.form, one.kind, seen.commands() == ["/unhold"], [line.word for line in find(one.text)] != [])
    if one.kind == "section":
        return Row(one.form, one.kind, _has_section(seen), _takes_section(one.text))
    return Row(one.form, one.kind, seen.says(PHRASE), wrote(one.text, PHRASE.__eq__))


def _has_section(seen: Page) -> bool:
    return "What changed" in map(words, seen.headings) and CONTENT in seen.seen


def _takes_section(text: str) -> bool:
    part = read(text, RULES).parts.get("what-changed")
    return part is not None and any(CONTENT in item.text for item in part.read)


def words(text: str) -> str:
    """The words of a text, one space apart."""
    return " ".join(re.findall(r"\w+", text))


def table() -> list[Row]:
    """All forms."""
    return [row(one) for one in renderings("forms.json")]


def main() -> None:
    """Prints the table."""
    rows = table()
    kinds = ("command", "phrase", "coded phrase", "section")
    print(f"{'form':<44}" + "".join(f"{kind:<16}" for kind in kinds))  # noqa: T201 - prints a table
    for form in dict.fromkeys(one.form for one in rows):
        cells = {one.kind: _cell(one) for one in rows if one.form == form}
        print(f"{form:<44}" + "".join(f"{cells.get(kind, ''):<16}" for kind in kinds))  # noqa: T201 - prints a table
    for kind in kinds:
        of = [one for one in rows if one.kind == kind]
        both, strict = sum(one.shown and one.obeyed for one in of), sum(one.shown and not one.obeyed for one in of)
        lax = sum(one.obeyed and not one.shown for one in of)
        print(f"{kind}: {len(of)} forms; shown and obeyed {both}, only shown {strict}, only obeyed {lax}")  # noqa: T201 - prints a table


def _cell(one: Row) -> str:
    return f"{'shown' if one.shown else '-'} / {'obeyed' if one.obeyed else '-'}"


if __name__ == "__main__":
    main()
