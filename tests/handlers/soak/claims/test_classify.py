"""Claims that a soak has reached a stage, told from talk about soaks."""

import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.soak.claims.classify import claim_of, claims_in, sentences
from tests.handlers.soak.claims import claim_table
from tests.handlers.soak.claims.claim_corpus import CASES
from tests.handlers.soak.claims.claim_more import MORE, NEGATIONS

ENOUGH = 56
"""Of the sixty sentences that were written before the detector; its first run had 57 right."""

HOSTILE = (
    "soak ",
    "the soak is not ",
    "once the soak has passed, ",
    "`",
    '"soak passed ',
    "'",
    "(((",
    "~~",
    "3/3 ",
    "3 of 3 ",
    "[a](",
    "<!--",
    "| ",
    "third green of ",
    "kicked ",
    "no longer ",
    "and then removed the fallback ",
    "\u2019s",
    "a_",
    "\ufdfa",
)
TRACED_SECONDS = 3
"""It takes a hundredth of that; coverage makes it four times as long."""


@pytest.mark.parametrize("table", [CASES, MORE], ids=["corpus", "more"])
def test_sentences_claim_what_they_were_said_to_before_there_was_a_detector(
    table: tuple[tuple[str, str | None], ...],
) -> None:
    wrong = [f"{of} but {claim_of(text)}: {text}" for text, of in table if claim_of(text) != of]
    assert len(wrong) <= (len(CASES) - ENOUGH if table is CASES else 0), "\n".join(wrong)


@pytest.mark.parametrize("text", NEGATIONS)
def test_what_is_denied_planned_conditional_or_asked_for_is_no_claim(text: str) -> None:
    assert claim_of(text) is None


def test_of_several_claims_the_furthest_counts() -> None:
    assert claim_of("Soak started, threshold met, soak passed.") == "complete"
    assert claim_of("Soak passed and the fallback has been taken out.") == "removed"
    assert claim_of("Smokes: 3/3; the soak is running") == "threshold"


def test_names_say_what_else_is_old() -> None:
    assert claim_of("Removed `runner-bootstrap` from the host.") is None
    assert claim_of("`BOOTSTRAP` was removed from the host.") is None
    assert claim_of("`BOOTSTRAP` was removed from the host.", ["bootstrap"]) == "removed"
    assert claim_of("BOOTSTRAP is no longer set.", ["BOOTSTRAP"]) == "removed"
    assert claim_of("BOOTSTRAP was not removed.", ["BOOTSTRAP"]) is None


def test_marks_of_markdown_change_nothing() -> None:
    for text in ("**Soak**: *started*", "soak `started`", "1. soak __started__", "| soak | **started** |"):
        assert claim_of(text) == "started", text


@pytest.mark.parametrize("text", ["", " ", ">", "# ", "[ ]", "|", "?", "!", "- ", "''", "\u200b", "~~~~", "`" * 9])
def test_what_says_nothing_claims_nothing(text: str) -> None:
    assert claim_of(text) is None


def test_a_heading_names_its_topic_unless_it_tells() -> None:
    assert claim_of("## Soak complete") is None
    assert claim_of("## Soak complete 2025-05-21") == "complete"
    assert claim_of("## The soak has passed") == "complete"


@given(st.text(max_size=300))
@settings(max_examples=300)
def test_no_text_breaks_it(text: str) -> None:
    claim_of(text)
    list(claims_in(text))


@given(
    st.lists(st.sampled_from([*HOSTILE, *(text for text, _ in CASES), "\n", "> ", "- ", "    ", "```\n"]), max_size=9)
)
@settings(max_examples=200)
def test_no_text_of_claims_and_signs_breaks_it(parts: list[str]) -> None:
    text = "".join(parts)
    claim_of(text)
    assert all(row.strip() and 1 <= line <= text.count("\n") + 1 for line, row in sentences(text))


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_text_takes_no_more_than_its_length_in_time(piece: str) -> None:
    start = time.perf_counter()
    claim_of(piece * (1_000_000 // len(piece)))
    list(sentences(piece * (20_000 // len(piece))))
    list(claims_in(f"{piece * (500 // len(piece))}\n\n" * 20))
    assert time.perf_counter() - start < TRACED_SECONDS


@pytest.mark.parametrize("piece", [*HOSTILE, "gone ", "no not left ", "soak a. ", "a,", "started? yes. "])
@pytest.mark.parametrize("length", [400, 1_990, 25_000])
def test_many_long_sentences_take_no_more_than_their_length_in_time(piece: str, length: int) -> None:
    """A hundred thousand characters take less than two seconds."""
    one = (piece * (length // len(piece))).strip()
    start = time.perf_counter()
    for _, sentence in sentences("\n\n".join([one] * (25_000 // length))):
        claim_of(sentence)
    assert time.perf_counter() - start < TRACED_SECONDS


def test_what_stands_far_behind_in_a_clause_isnt_read() -> None:
    assert claim_of(f"{'x ' * 60}soak passed") is None
    assert claim_of(f"{'x ' * 60}, soak passed") == "complete"


def test_what_stands_behind_what_is_read_of_a_line_isnt_read() -> None:
    assert claim_of(f"{'x' * 2_000} soak passed") is None


@given(st.sampled_from([text for text, _ in (*CASES, *MORE)]))
def test_what_is_quoted_is_no_claim(text: str) -> None:
    assert not list(sentences(f"> {text}"))
    assert claim_of(f"> {text}") is None


@pytest.mark.parametrize(
    "text",
    ["the soak has passed.", "the fallback was removed.", "the threshold has been met.", "the soak is running."],
)
@pytest.mark.parametrize(
    "before",
    [
        "It is not true that ",
        "Nobody says that ",
        "Whether ",
        "I doubt that ",
        "Please check that ",
        "We will say so when ",
        "They wrote that ",
    ],
)
def test_what_governs_a_claim_takes_it_back(before: str, text: str) -> None:
    assert claim_of(text) is not None
    assert claim_of(before + text) is None


def test_the_table_of_a_file_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "some.jsonl"
    rows = ({"text": "Soak passed.", "of": "complete"}, {"text": "Soak passed?", "of": "complete"})
    file.write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setattr(sys, "argv", ["soak_claim_table", str(file)])
    claim_table.main()
    assert capsys.readouterr().out.splitlines() == [
        "  complete   complete   Soak passed.",
        "! complete   -          Soak passed?",
        "1 of 2 right",
    ]
