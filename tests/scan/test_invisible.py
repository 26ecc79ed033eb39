"""No character that a reader does not see parts a secret for the scanner."""

import base64
import secrets
from collections.abc import Callable

import pytest

from bot.scan.scanner import Scanner
from bot.text.invisible import INVISIBLE_RANGES
from tests.text.test_invisible import SAMPLES

CONTROLS = "".join(map(chr, (*range(1, 9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0x85, 0x9F)))
Encode = Callable[[str], bytes]
WIDE: dict[str, Encode] = {
    "utf-16 with mark": lambda text: text.encode("utf-16"),
    "utf-16 little endian": lambda text: text.encode("utf-16-le"),
    "utf-16 big endian": lambda text: text.encode("utf-16-be"),
    "utf-32 little endian": lambda text: text.encode("utf-32-le"),
    "utf-32 big endian": lambda text: text.encode("utf-32-be"),
}


def parted(token: str, by: str) -> str:
    return f"x\nFORGEJO_TOKEN={token[:9]}{by}{token[9:20]}{by}{token[20:]} end\n"


def test_a_token_parted_by_any_invisible_character_is_found_and_masked_whole(scanner: Scanner) -> None:
    token = secrets.token_hex(20)
    first_and_last = {chr(point) for pair in INVISIBLE_RANGES for point in pair} - {"\0"}
    missed = []
    for by in (*first_and_last, *map(chr, SAMPLES), *CONTROLS, "\u200b\u2066\ufe0f", "\x1b[31m", "\x1b[0;1;38;5;9m"):
        text = parted(token, by)
        hits = scanner.scan(text).hits
        octets = scanner.scan(text.encode()).hits
        found = [(hit.fingerprint, hit.line) for hit in (*hits, *octets)]
        shown = scanner.mask(text)
        if found != [(scanner.fingerprint(token), 2)] * 2 or token[20:] in shown or not shown.endswith("] end\n"):
            missed.append((ascii(by), found))
    assert missed == []


@pytest.mark.parametrize("name", WIDE)
def test_in_wide_encodings_invisible_characters_hide_nothing_either(scanner: Scanner, name: str) -> None:
    token = secrets.token_hex(20)
    missed = []
    for by in map(chr, SAMPLES):
        data = WIDE[name](parted(token, by))
        for given in (data, data.decode("utf-8", "surrogateescape")):
            found = {hit.fingerprint for hit in scanner.scan(given).hits}
            if scanner.fingerprint(token) not in found:
                missed.append((ascii(by), type(given).__name__))
    assert missed == []


@pytest.mark.parametrize("by", ["\u200b", "\u2066", "\x1b[31m", "\U000e0041", "\x07"])
@pytest.mark.parametrize("encode", [str, str.encode, *WIDE.values()])
def test_a_chunk_may_end_anywhere(scanner: Scanner, by: str, encode: Callable[[str], str | bytes]) -> None:
    token = secrets.token_hex(20)
    for lead in range(4030, 4130, 7):
        text = "y" * lead + parted(token, by) + "z" * 5000
        given = encode(text)
        (hit,) = (hit for hit in scanner.scan(given).hits if hit.fingerprint == scanner.fingerprint(token))
        assert hit.line == 2
        kept = given[hit.start : hit.end]
        assert (kept if isinstance(kept, str) else kept.replace(b"\0", b"").decode("latin-1")).startswith(token[:9])


@pytest.mark.parametrize(
    "by",
    [
        "&#8203;",
        "&#x200B;",
        "&ZeroWidthSpace;",
        "&shy;",
        "&#0008294;",
        "\\u200b",
        "\\u{2066}",
        "%E2%80%8B",
        "%ef%b8%8f",
    ],
)
def test_an_escape_of_an_invisible_character_hides_nothing(scanner: Scanner, by: str) -> None:
    token = secrets.token_hex(20)
    assert scanner.scan(parted(token, by)).hits
    assert token[20:] not in scanner.mask(parted(token, by))


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("by", ["", "\u200b", "\ufe0f", "\u2066"])
def test_base64_of_a_text_with_other_characters_is_read(scanner: Scanner, charset: str, by: str) -> None:
    token = secrets.token_hex(20)
    text = "gr\u00f6\u00dfe\n" if charset == "utf-8" else ""
    data = base64.b64encode(f"{text}FORGEJO_TOKEN={token[:9]}{by}{token[9:]}\n".encode(charset)).decode()
    assert {hit.fingerprint for hit in scanner.scan(f"data: {data}\n").hits} == {scanner.fingerprint(token)}


@pytest.mark.parametrize(
    "text",
    [
        "caf\u00e9 na\u00efve \u2192 ok",
        "\u26a0\ufe0f careful\r\n\tx",
        "\x0c\nclass A:\n",
        "\x1b[1mbold\x1b[0m words",
        "a\0b\0c\0",
    ],
)
def test_ordinary_text_with_such_characters_is_clean(scanner: Scanner, text: str) -> None:
    assert scanner.scan(text).hits == scanner.scan(text.encode()).hits == ()
