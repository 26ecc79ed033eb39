"""The characters that a reader does not see, by their Unicode properties: one set for the scanner and the escaper.

Scanned texts are read without them, and shown texts name them, so that no character can part a secret for the scanner
only. The table covers Unicode 17.0: Default_Ignorable_Code_Point (DerivedCoreProperties.txt, with code points that are
reserved for it), and the general categories Cf, Cc, Zl and Zp (UnicodeData.txt). Python's `unicodedata` knows the
categories, and a test compares them; it does not know Default_Ignorable_Code_Point.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

INVISIBLE_RANGES: tuple[tuple[int, int], ...] = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F),  # Cc, without tab and line breaks
    (0xAD, 0xAD), (0x34F, 0x34F),  # soft hyphen, combining grapheme joiner
    (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2),  # Cf: Arabic
    (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),  # Hangul fillers, Khmer vowels, Mongolian selectors
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F),  # zero width, separators, directions, operators
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),  # Cf
    (0xE0000, 0xE0FFF),  # tags, and more variation selectors
)  # fmt: skip
"""First and last code point of each range."""

TERMINAL = r"\x1b\0{0,3}\[(?:\0{0,3}[0-?]){0,32}(?:\0{0,3}[ -/]){0,4}\0{0,3}[@-~]"
"""A terminal's control sequence (ECMA-48), such as a colour: none of it is shown. In UTF-16 it has NULs."""


def invisible_class() -> str:
    """Return the set as the inside of a regular expression's character class."""
    return _class((chr(first), chr(last)) for first, last in INVISIBLE_RANGES)


def invisible_octets() -> str:
    """Return a regular expression for the UTF-8 bytes of one such character beyond ASCII, each byte as a character."""
    tails = dict[str, set[str]]()
    for point in _points(0x80):
        octets = chr(point).encode().decode("latin-1")
        tails.setdefault(octets[:-1], set()).add(octets[-1])
    return "|".join(map("".join, _shared({head: _runs(last) for head, last in tails.items()})))


def invisible_units(width: int, octet: str) -> tuple[str, str]:
    """Return regular expressions for the bytes of one such character beyond ASCII in UTF-16 or UTF-32 (`width` is 2 or
    4 bytes), with the low byte first and last.

    `octet` is `bytes` if each byte is a character, or `text` for bytes that were decoded with surrogateescape.
    """
    units = dict[str, set[str]]()
    for point in _points(0x80):
        unit = chr(point).encode(f"utf-{8 * width}-be")
        seen = unit.decode("latin-1") if octet == "bytes" else "".join(map(_escaped, unit))
        units.setdefault(seen[:-1], set()).add(seen[-1])
    made = list(_shared({head: _runs(last) for head, last in units.items()}))
    swapped = ("".join("".join(reversed(one[at : at + width])) for at in range(0, len(one), width)) for one in made)
    return "|".join(swapped), "|".join(map("".join, made))


def _points(least: int) -> Iterator[int]:
    for first, last in INVISIBLE_RANGES:
        yield from range(max(first, least), last + 1)


def _escaped(octet: int) -> str:
    return chr(octet) if octet < 0x80 else chr(0xDC00 + octet)  # noqa: PLR2004 - the end of ASCII


def _shared(tails: dict[str, str]) -> Iterator[list[str]]:
    """Yield one list of character classes for all beginnings that differ in their last character only and have the
    same end.
    """
    heads = sorted(tails, key=lambda head: (head[:-1], tails[head], head))
    for (before, end), group in groupby(heads, key=lambda head: (head[:-1], tails[head])):
        yield [*map(re.escape, before), _runs({head[-1] for head in group}), end]


def _runs(characters: Iterable[str]) -> str:
    """Return a character, or a character class with runs as ranges."""
    points = sorted(map(ord, characters))
    if len(points) == 1:
        return re.escape(chr(points[0]))
    runs = [list(run) for _, run in groupby(enumerate(points), key=lambda pair: pair[1] - pair[0])]
    return f"[{_class((chr(run[0][1]), chr(run[-1][1])) for run in runs)}]"


def _class(ranges: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in ranges)
