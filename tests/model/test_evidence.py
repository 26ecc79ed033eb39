"""The payload `soak.evidence.v1`: what is written is read back, and what isn't one is told without quoting it."""

import json
import secrets
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import EVIDENCE_BEGIN, EVIDENCE_END, Block, Evidence, EvidenceRun, EvidenceStep, TokenFile, blocks
from bot.text.escape import inert_json

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    (EVIDENCE_BEGIN, EVIDENCE_END, "```", "</details>", "@operator", "\n> ", "--> x")
)
counts = st.integers(0, 10**9)
evidence = st.builds(
    Evidence,
    soak=words.filter(bool),
    kind=st.sampled_from(("install", "smoke", "audit", "approval", "removal")),
    module=words,
    run=st.none() | st.builds(EvidenceRun, number=counts, id=counts, workflow=words, url=words),
    commit=st.from_regex(r"\A[0-9a-f]{0,64}\Z"),
    markers=st.dictionaries(words, counts, max_size=5),
    steps=st.dictionaries(
        words, st.builds(EvidenceStep, status=words, exit_code=st.none() | st.integers(-9, 300)), max_size=3
    ),
    token_file=st.none() | st.builds(TokenFile, mode=st.from_regex(r"\A[0-7]{3,4}\Z"), owner=words, size=counts),
    approved_pr=st.none() | counts,
    window_hours=st.none() | st.floats(0, 100_000),
    logs=st.none() | counts,
    observed_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    actor=words,
)


def block(text: str) -> str:
    return f"{EVIDENCE_BEGIN}\n{text}\n{EVIDENCE_END}"


def written(one: Evidence) -> str:
    return block(inert_json(one.content()))


def only(body: str) -> Block:
    (found,) = blocks(body)
    return found


SMOKE = Evidence(soak="pump", kind="smoke", markers={"ready": 2})


@given(evidence)
def test_what_is_written_is_read_back(one: Evidence) -> None:
    assert list(blocks(f"Words before.\n\n```json\n{written(one)}\n```\n\nand after")) == [Block(0, one)]


@given(st.lists(evidence, max_size=4))
def test_several_are_read_in_their_order(several: list[Evidence]) -> None:
    body = "\n\n".join(map(written, several))
    assert list(blocks(body)) == [Block(at, one) for at, one in enumerate(several)]


@pytest.mark.parametrize("before", ["> ", ">> ", "    ", "He wrote ", "`", "| "])
def test_a_marker_that_doesnt_begin_its_line_is_talk(before: str) -> None:
    assert list(blocks("\n".join(before + line for line in written(SMOKE).splitlines()))) == []


@pytest.mark.parametrize("body", ["", EVIDENCE_BEGIN, f"{EVIDENCE_END}\n{{}}\n{EVIDENCE_BEGIN}"])
def test_a_marker_without_its_end_is_none(body: str) -> None:
    assert list(blocks(body)) == []


def test_a_fence_may_stand_within_the_markers_too() -> None:
    fenced = block(f"```json\n{json.dumps(SMOKE.content())}\n```")
    assert list(blocks(fenced)) == [Block(0, SMOKE)]


def test_what_is_null_is_not_said() -> None:
    said: dict[str, Any] = {
        "soak": "pump",
        "kind": "smoke",
        "module": None,
        "commit": None,
        "markers": None,
        "steps": {"plan": {}},
    }
    text = json.dumps({**said, "run": {"number": 7, "id": None}, "token_file": None, "observed_at": None})
    assert only(block(text)).evidence == Evidence.model_validate(
        {"soak": "pump", "kind": "smoke", "run": {"number": 7}, "steps": {"plan": {}}}
    )
    assert only(block('{"soak": null, "kind": "smoke"}')).fault == "soak: is required"


def test_the_names_of_tools_are_read_as_ours() -> None:
    said = {
        "soak": "pump",
        "kind": "install",
        "run": {"number": 7, "api_id": 9},
        "steps": {"plan": {"status": "ok", "exitCode": 0}, "apply": {"exit": 1}},
        "token_file": {"mode": 600, "owner": "a:b", "size_bytes": 333},
        "other": "passed over",
    }
    found = only(block(json.dumps(said))).evidence
    assert found is not None
    assert found.run == EvidenceRun(number=7, id=9)
    assert [step.exit_code for step in found.steps.values()] == [0, 1]
    assert found.token_file == TokenFile(mode="0600", owner="a:b", size=333)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{VALUE}", "invalid JSON"),
        ('"VALUE"', "payload: "),
        ('{"soak": "VALUE", "soak": "VALUE", "kind": "smoke"}', "duplicate key"),
        ('{"soak": "x", "kind": "VALUE"}', 'kind: expected "install"'),
        ('{"soak": "x", "kind": "smoke", "commit": "VALUE!"}', "commit: invalid form"),
        ('{"soak": "x", "kind": "smoke", "markers": {"a": "VALUE"}}', "markers.a: expected a whole number"),
        ('{"soak": "x", "kind": "smoke", "steps": {"plan": {"exitCode": "VALUE"}}}', "expected a whole number"),
        ('{"soak": "x", "kind": "smoke", "observed_at": "VALUE"}', "observed_at: "),
        ('{"soak": "x", "kind": "smoke", "steps": {"plan": {"exitCode": 1%s}}}' % ("0" * 4000), "less than"),
        ('{"soak": "x", "kind": "smoke", "markers": {"%s": 0}}' % ("a" * 201), "too long; write at most 200"),
        ("[" * 100_000, "larger than 64 KB"),
        ("[" * 60_000, "invalid JSON"),
    ],
)
def test_a_fault_says_what_is_wrong_and_quotes_no_value(text: str, told: str) -> None:
    value = f"x{secrets.token_hex(8)}"
    found = only(block(text.replace("VALUE", value)))
    assert found.evidence is None
    assert told in found.fault
    assert value not in found.fault
    assert len(found.fault) < 200


def test_no_more_than_twenty_of_a_comment_are_read() -> None:
    assert len(list(blocks("\n".join([written(SMOKE)] * 30)))) == 20


def test_a_comment_full_of_beginnings_takes_no_time() -> None:
    assert not list(blocks(f"{EVIDENCE_BEGIN}\n" * 40_000))
    assert len(list(blocks(f"{EVIDENCE_BEGIN}{{}}{EVIDENCE_END}\n" * 20_000))) == 20


@pytest.mark.parametrize("before", ["<details>", "<details><summary>Payload</summary>", "<details> ", "   "])
def test_a_fold_may_stand_before_the_marker(before: str) -> None:
    (block,) = blocks(f'{before}{EVIDENCE_BEGIN}\n{{"soak": "a", "kind": "install"}}\n{EVIDENCE_END}\n</details>')
    assert block.evidence is not None


@pytest.mark.parametrize("before", ["> ", "Like this: ", "<details>" * 5, "<b>"])
def test_other_words_before_the_marker_make_it_talk(before: str) -> None:
    assert list(blocks(f'{before}{EVIDENCE_BEGIN}\n{{"soak": "a", "kind": "install"}}\n{EVIDENCE_END}')) == []
