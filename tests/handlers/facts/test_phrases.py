"""Which lines of a comment say an approval phrase: those that a reader sees as it, each on its own."""

import pytest

from handlers.facts.description.phrases import wrote

PHRASE = "cutover-approved"


def says(text: str) -> bool:
    return wrote(text.replace("@", PHRASE), PHRASE.__eq__)


@pytest.mark.parametrize("text", ["@", "Fine.\n@", "Fine.\n\n   @  \n", "`@`", "See `a`.\n`@`", "a\r\n\r\n@\r\n\r\nb"])
def test_a_line_of_its_own_says_it(text: str) -> None:
    assert says(text)


@pytest.mark.parametrize(
    "text",
    [
        "a @",
        "``` @",
        "```@",
        "``@``",
        "`@",
        "@`",
        "`a\n`@`",
        "`a\n@\n`",
        "a <b\n@\n>",
        "[a](\n@\n)",
        "[^1]: see\n@",
        "a\n: b\n@",
        "@\n: a",
        "<noscript>\n\n@\n\n</noscript>",
        "<object>\n\n@",
        "    @",
        "Do not write\n@\nyet.",
    ],
)
def test_what_a_reader_does_not_see_as_it_says_nothing(text: str) -> None:
    assert not says(text)
