"""Tests that no position in a file, and no number of characters that a reader does not see, hides a secret or costs."""

import secrets
import time

import pytest

from bot.scan import Scanner
from bot.scan.searchable import in_both_orders

MIB = 1024 * 1024
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@pytest.mark.parametrize("count", [10, 40, 400])
@pytest.mark.parametrize("by", ["\U000e0041", "\u3164", "\u2060", "\u00ad"])
@pytest.mark.parametrize("encoding", WIDE)
def test_a_token_that_is_parted_where_the_text_is_split_for_the_search_is_found(
    scanner: Scanner, encoding: str, by: str, count: int
) -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    width = len("x".encode(encoding))
    for shift in range(0, 60, 6):
        before = "x" * (4096 // width - shift - 10) + "\n"
        text = f"{before}{token[:12]}{by * count}{token[12:]}\n".encode(encoding)
        assert scanner.scan(text).hits, shift


def test_characters_that_look_like_a_long_run_take_no_token_with_them(scanner: Scanner) -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    text = f"x\0={chr(14)}{chr(14).join(token[:9])}\u3164{token[9:]}\n"
    assert scanner.scan(text.encode("utf-16-be")).hits


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("unit", ["\U000e0041", "\u200b", "a\u200b", "a\U000e0041\u2060", "\x1b[", "\u2028"])
def test_a_file_of_characters_that_nobody_sees_takes_linear_time(encoding: str, unit: str) -> None:
    data = (unit * MIB).encode(encoding)[:MIB]
    began = time.process_time()
    in_both_orders(data)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("mark", ["\\_", "<!-- x -->_", "<wbr>_"])
def test_a_mark_that_a_rendered_text_does_not_show_parts_no_token(scanner: Scanner, mark: str) -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    (hit,) = scanner.scan(f"see {token.replace('_', mark)}").hits
    assert hit.fingerprint == scanner.fingerprint(token)
