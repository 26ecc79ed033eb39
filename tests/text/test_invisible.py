"""The set of invisible characters against Unicode's properties."""

import re
import unicodedata
from itertools import pairwise

from bot.text.escape import INVISIBLE, visible
from bot.text.invisible import INVISIBLE_RANGES, invisible_class, invisible_octets, invisible_units

TABLE = {chr(point) for first, last in INVISIBLE_RANGES for point in range(first, last + 1)}
SAMPLES = (
    *(
        0xAD,
        0x34F,
        0x61C,
        0x115F,
        0x1160,
        0x17B4,
        0x180B,
        0x180E,
        0x200B,
        0x200D,
        0x2028,
        0x2029,
        0x202E,
        0x2060,
        0x2065,
    ),
    *(
        0x2066,
        0x206A,
        0x3164,
        0xFE00,
        0xFE0F,
        0xFEFF,
        0xFFA0,
        0xFFF9,
        0x1D173,
        0xE0001,
        0xE0020,
        0xE007F,
        0xE0100,
        0xE01EF,
    ),
)


def test_every_character_of_the_categories_is_in_the_set() -> None:
    points = [chr(point) for point in range(0x110000)]
    unseen = {one for one in points if unicodedata.category(one) in {"Cf", "Cc", "Zl", "Zp"}} - set("\t\n\r")
    assert unseen - TABLE == set()


def test_what_is_in_the_set_beyond_them_is_a_mark_a_filler_or_reserved() -> None:
    more = {one for one in TABLE if unicodedata.category(one) not in {"Cf", "Cc", "Zl", "Zp"}}
    assert {unicodedata.category(one) for one in more} <= {"Mn", "Lo", "Cn"}
    assert all(unicodedata.category(one) != "Lo" or "FILLER" in unicodedata.name(one) for one in more)


def test_the_ranges_are_sorted_and_disjoint() -> None:
    assert all(first <= last for first, last in INVISIBLE_RANGES)
    assert all(one[1] + 1 < two[0] for one, two in pairwise(INVISIBLE_RANGES))


def test_the_patterns_match_the_set_and_nothing_else() -> None:
    text, octets = re.compile(f"[{invisible_class()}]"), re.compile(invisible_octets())
    little, big = map(re.compile, invisible_units(2, "bytes"))
    for point in (
        *range(0x3000),
        *range(0x3100, 0x3200),
        *range(0xF900, 0x14000),
        *range(0x1B000, 0x1E000),
        *range(0xE0000, 0xE1100),
    ):
        one = chr(point)
        assert bool(text.fullmatch(one)) is (one in TABLE)
        if point < 0x80:
            continue
        assert bool(octets.fullmatch(one.encode().decode("latin-1"))) is (one in TABLE)
        assert bool(little.fullmatch(one.encode("utf-16-le").decode("latin-1"))) is (one in TABLE)
        assert bool(big.fullmatch(one.encode("utf-16-be").decode("latin-1"))) is (one in TABLE)


def test_shown_texts_name_what_is_invisible() -> None:
    for one in (*map(chr, SAMPLES), "\x01", "\x0b", "\x1b", "\x7f", "\ud800"):
        assert INVISIBLE.fullmatch(one)
        number = ord(one)
        written = f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
        assert visible(f"a{one}b") == f"a{written}b"


def test_an_emoji_stays_an_emoji_and_hides_nothing() -> None:
    assert visible("\u26a0\ufe0f careful") == "\u26a0\ufe0f careful"
    assert visible("\u26a0\ufe0f\ufe0f a\ufe0fb") == "\u26a0\ufe0f\\ufe0f a\\ufe0fb"
