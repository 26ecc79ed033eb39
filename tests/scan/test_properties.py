"""On any text around a planted secret: it is found, its span is right, its mask leaves nothing; nothing ever raises."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.scan.decoding import layers
from bot.scan.scanner import Scanner
from bot.scan.searchable import plain
from tests.scan.compiled import scanner as compiled

SCANNER: Scanner = compiled()
AROUND = st.text(max_size=200)


@given(before=AROUND, after=AROUND)
@settings(max_examples=200)
def test_a_planted_secret_is_found_with_its_span_and_masked(before: str, after: str) -> None:
    token = "".join(("hv", "s.", secrets.token_hex(40)))
    text = f"{before}\n{token}\n{after}"
    hit = next(hit for hit in SCANNER.scan(text).hits if token in text[hit.start : hit.end])
    assert hit.line == text.count("\n", 0, hit.start) + 1
    masked = SCANNER.mask(text)
    assert token not in masked
    assert SCANNER.mask(masked) == masked


@given(data=st.binary(max_size=2000))
@settings(max_examples=300)
def test_any_bytes_are_scanned_without_a_raise(data: bytes) -> None:
    result = SCANNER.scan(data)
    assert all(0 <= hit.start < hit.end <= len(data) for hit in result.hits)


@given(text=st.text(alphabet="token=: \n\"'%41\\x6a+/aGVsbG8gd29ybGQ", max_size=400))
@settings(max_examples=300)
def test_text_made_of_the_rules_own_pieces_is_scanned_and_masked(text: str) -> None:
    masked = SCANNER.mask(text)
    assert SCANNER.mask(masked) == masked


@pytest.mark.long
@given(text=st.text(max_size=400).map(lambda text: text + "word\u200b " * 720 + text))
@settings(max_examples=12)
def test_places_of_a_searchable_text_point_back(text: str) -> None:
    searched, edge = plain(text), 450
    last = len(searched.text) - edge
    for at in (*range(edge), *range(edge, last, 7), *range(max(edge, last), len(searched.text))):
        start, end = searched.place(at, at + 1)
        kept = text[start:end]
        assert searched.text[at] in (kept[-1:], "?", "'", '"', "-", " ")


@given(text=st.text(alphabet="ab%416\\x\"'+ \n=QUFB", max_size=300))
def test_layers_point_into_their_source(text: str) -> None:
    source = text
    for layer in layers(text)[0]:
        for at in range(len(layer.text)):
            start, end, _ = layer.span(at, at + 1)
            assert 0 <= start <= end <= len(source)
        source = layer.text
