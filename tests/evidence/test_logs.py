"""Logs are read in pieces, and nothing that stands on the border of two is lost or counted twice."""

import io
import os
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.logs import BLOCK, LogError, LogRead, Secret, read_log
from bot.evidence.logs import Counter as Counts
from bot.scan.scanner import ScanLimits, Scanner
from tests.scan.compiled import cache_dir, scanner

MADE = scanner()
MARKER = "forgejo_token_source=infisical-token-auth"
FILLER = b"2026-05-14T07:44:00Z [INFO] step=plan status=in-sync exitCode=0\n"


def read(data: bytes, *texts: str, by: Scanner = MADE) -> LogRead:
    return read_log(io.BytesIO(data), texts, by)


def filled(size: int) -> bytes:
    return (FILLER * (size // len(FILLER) + 1))[:size]


def planted(places: dict[int, bytes], size: int) -> bytes:
    """A log of lines with something at each place."""
    data = bytearray(filled(size))
    for place, text in places.items():
        data[place : place + len(text)] = text
    return bytes(data)


@given(st.lists(st.text("ab", max_size=9), max_size=9), st.lists(st.text("ab", min_size=1, max_size=4), min_size=1))
def test_counts_are_those_of_the_whole_text_however_it_is_cut(blocks: list[str], texts: list[str]) -> None:
    counter = Counts(texts)
    for block in blocks:
        counter.feed(block.encode())
    assert counter.counts == {text: "".join(blocks).count(text) for text in texts}


@pytest.mark.parametrize("shift", range(-60, 20, 7))
def test_markers_and_secrets_around_a_border_are_found_once(shift: int) -> None:
    token = secrets.token_hex(20)
    line = f"\n{MARKER}\nAuthorization: token {token}\n".encode()
    data = planted({BLOCK + shift: line, 100: line}, 2 * BLOCK)
    found = read(data, MARKER)
    assert found.counts == {MARKER: 2}
    assert found.unread == ()
    lines = [data.count(b"\n", 0, at) + 3 for at in (100, BLOCK + shift)]
    assert [one.line for one in found.secrets] == lines
    assert len({one.fingerprint for one in found.secrets}) == 1
    assert token not in repr(found)


@pytest.mark.parametrize("shift", [-50, -21, -3])
def test_a_line_longer_than_a_piece_is_searched_across_its_borders(shift: int) -> None:
    token = secrets.token_hex(20)
    data = b"x y " * (BLOCK // 2)
    at = BLOCK + shift
    said = f" {MARKER} Authorization: token {token} ".encode()
    found = read(data[:at] + said + data[at:], MARKER)
    assert found.counts == {MARKER: 1}
    assert {one.line for one in found.secrets} == {1}
    assert found.more == 0


def test_a_clean_log_is_clean_with_the_marker_on_every_line() -> None:
    found = read(f"{MARKER}\n".encode() * 10_000, MARKER)
    assert found == LogRead({MARKER: 10_000})


@pytest.mark.parametrize(
    "marker",
    [MARKER, "forgejo_token_source=direct-env-fallback", f'level=info msg="{MARKER}"', f"token source: {MARKER}"],
)
def test_a_marker_that_names_a_token_is_no_secret(marker: str) -> None:
    assert read(f"07:44 {marker}\n".encode(), marker) == LogRead({marker: 1})


def test_colours_part_no_word_that_is_read_as_one() -> None:
    token = secrets.token_hex(20)
    data = f"\x1b[1;32mforgejo_token_source=\x1b[0minfisical-token-auth\x1b[K\nAuthorization: token \x1b[31m{token}\n"
    found = read(data.encode(), MARKER)
    assert found.counts == {MARKER: 1}
    assert [one.line for one in found.secrets] == [2]


def test_a_colour_on_a_border_is_taken_out_too() -> None:
    before = MARKER[:10].encode()
    data = filled(BLOCK - 14) + b"\n" + before + b"\x1b[0m" + MARKER[10:].encode() + b"\n"
    assert data.index(b"\x1b") < BLOCK < data.index(b"\x1b") + 4
    assert read(data, MARKER).counts == {MARKER: 1}


def test_bytes_that_are_no_text_and_an_escape_at_the_end_hinder_nothing() -> None:
    data = os.urandom(1000).replace(b"\x1b", b"").replace(b"\xc3", b"") + f"\n{MARKER} Ä\n".encode() + b"\x1b["
    assert read(data, MARKER, "Ä").counts == {MARKER: 1, "Ä": 1}


def test_what_cant_be_searched_is_told() -> None:
    hasty = Scanner(key=secrets.token_bytes(32), cache_dir=cache_dir(), limits=ScanLimits(seconds=-1))
    (told,) = read(FILLER, by=hasty).unread
    assert told.startswith("near line 1: ")


def test_a_piece_with_too_many_places_is_searched_in_parts() -> None:
    token = secrets.token_hex(20)
    places = b"TOKEN=example\n" * 12_000
    assert MADE.scan(places).gaps
    found = read(places + f"Authorization: token {token}\n".encode())
    assert ([one.line for one in found.secrets], found.unread) == ([12_001], ())


def test_many_secrets_are_counted() -> None:
    found = read(b"".join(f"Authorization: token {secrets.token_hex(20)}\n".encode() for _ in range(70)))
    assert (len(found.secrets), found.more) == (50, 20)
    assert isinstance(found.secrets[0], Secret)


@pytest.mark.parametrize("head", [b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"])
def test_a_packed_log_is_refused(head: bytes, tmp_path: Path) -> None:
    with pytest.raises(LogError, match="is compressed"):
        read(head + os.urandom(50))


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(LogError, match="is empty"):
        read(b"")
