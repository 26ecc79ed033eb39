"""Claims that a soak has reached a stage, told from talk about soaks."""

import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.soaking.claims import claim_of, claims_in, sentences
from tests.handlers import soak_claim_table
from tests.handlers.soak_claim_corpus import CASES

ENOUGH = 56
"""Of the sixty sentences that were written before the detector; its first run had 57 right."""

MORE: tuple[tuple[str, str | None], ...] = (
    ("After #273 merged, the soak started.", "started"),
    ("Since the merge the soak has been in progress.", "started"),
    ("- Soak: day 3 of 7, all green", "started"),
    ("Status: soak period start", "started"),
    ("Soak running until 21 May", "started"),
    ("The window opened this morning.", "started"),
    ("The burn-in of the broker path is under way.", "started"),
    ("Bake time started at 09:00 UTC.", "started"),
    ("On 3 May the operator kicked the soak off.", "started"),
    ("The soak isn't complete yet, it's been running for two days.", "started"),
    ("While the soak is running, the fallback stays.", "started"),
    ("With the merge of #288 the soak starts today.", "started"),
    ("Four days into the soak and not a single fallback hit.", "started"),
    ("The new token path went into soak on Thursday.", "started"),
    ("- soak-start: done", "started"),
    ("Soak trwa od poniedziałku.", "started"),
    ("3/3 smokes via the new path", "threshold"),
    ("Threshold met; direct PAT preserved until 21 May.", "threshold"),
    ("Soak isn't over; smokes 3/3 done.", "threshold"),
    ("Three consecutive green runs, as required.", "threshold"),
    ("The third and last smoke went green tonight.", "threshold"),
    ("| Smokes | 3/3 | passed |", "threshold"),
    ("Run 8821 was the third green smoke of three.", "threshold"),
    ("Soak done ✅", "complete"),
    ("[x] soak passed", "complete"),
    ("We closed out the soak on Friday.", "complete"),
    ("The soak not only started but passed.", "complete"),
    ("It couldn't have gone better: soak passed.", "complete"),
    ("docs: record that the soak has passed", "complete"),
    ("The log audit came back clean, so the soak is complete.", "complete"),
    ("Now that the soak is over, we can remove the PAT.", "complete"),
    ("After seven days without a fallback hit, the soak is complete.", "complete"),
    ("Soak zakończony bez błędów.", "complete"),
    ("The fallback has been removed, not just disabled.", "removed"),
    ("`PLATFORM_TOKEN` no longer exists on the runner.", "removed"),
    ("There is no fallback any more.", "removed"),
    ("Nothing is left of the legacy credential path.", "removed"),
    ("The code that fell back to the direct token has been deleted.", "removed"),
    ("The broker is now the only path; the legacy one was deleted.", "removed"),
    ("Removed: the direct PAT", "removed"),
    ("- [x] Remove the direct PAT", "removed"),
    ("Fallback removed? Yes.", "removed"),
    ("Usunięto stary token z runnera.", "removed"),
    ("soak: threshold ✅", "threshold"),
    ("We have begun to soak the new token path.", "started"),
    ("The soak is in its third day.", "started"),
    ("We're done with the soak.", "complete"),
    ("The removal of the fallback is done.", "removed"),
    ("What “complete” means: the soak has passed.", None),
    ("The old way to get the token, the direct PAT, has been removed.", "removed"),
    ("Page 3/3, all green, soak next", None),
    ("3 of 3 smokes are required.", None),
    ("Only one of the smokes passed, as required.", None),
    ("One more smoke and the threshold is met.", None),
    ("The soak gets marked as complete by the bot.", None),
    ("According to the bot the soak has passed.", None),
    ("fix: soak was marked complete too early", None),
    ("Fallback removed once approved.", None),
    ("Fallback removed next week.", None),
    ("- [ ] soak passed", None),
    ("~~soak passed~~", None),
    ("Soak | not started", None),
    ("Soak complete: no", None),
    ("Fallback removed: not yet", None),
    ("Definition of done: soak passed, fallback removed.", None),
    ("Add a check that the soak has started.", None),
    ("The bot marks the soak as passed when the audit is clean.", None),
    ("A completed soak is required for removal.", None),
    ("Neither the soak nor the audit is complete.", None),
    ("After approval, the fallback is removed.", None),
    ("I'd like the fallback removed.", None),
    ("Had the soak passed, we would have removed the PAT.", None),
    ("We finished the soak documentation.", None),
    ("Fallback fonts were removed from the stylesheet.", None),
    ("Removed the word fallback from the docs.", None),
    ("Threshold for alerts was reached.", None),
    ("3 of 3 smokes failed.", None),
    ("Smokes required: 3/3", None),
)
"""Sentences of which each stands for a kind that was once told wrong, or easily is."""

NEGATIONS = (
    "The soak has not begun.",
    "The soak never started.",
    "No soak is running.",
    "There's no claim here that the soak is under way.",
    "soak not started",
    "Nobody has removed the fallback.",
    "Nothing was removed.",
    "The old PAT isn't gone.",
    "The soak is far from over.",
    "We are not saying that the threshold was reached.",
    "The soak can't be complete: the audit is missing.",
    "It is false that the soak has passed.",
    "The soak has yet to start.",
    "Any claim that the soak has begun before #273 and a smoke.",
    "The soak will begin after #273.",
    "The soak starts once #273 has landed.",
    "If the soak has passed, the PAT goes.",
    "Until the soak is complete nothing changes.",
    "As soon as the threshold is met the clock runs.",
    "Remove the fallback",
    "chore: remove the direct PAT",
    "Has the soak passed?",
    "The phrase “soak complete” must not stand in a title.",
    "2/3 smokes green",
    "Soaked the seeds overnight.",
    "Removed the unused flag.",
    "Fallback nie został usunięty.",
    "Soak rozpocznie się dopiero po #273.",
    "Jeśli soak przejdzie, usuniemy stary token.",
)

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
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    claim_of(text)
    list(claims_in(text))


@given(
    st.lists(st.sampled_from([*HOSTILE, *(text for text, _ in CASES), "\n", "> ", "- ", "    ", "```\n"]), max_size=9)
)
@settings(max_examples=200, deadline=None)
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
    soak_claim_table.main()
    assert capsys.readouterr().out.splitlines() == [
        "  complete   complete   Soak passed.",
        "! complete   -          Soak passed?",
        "1 of 2 right",
    ]
