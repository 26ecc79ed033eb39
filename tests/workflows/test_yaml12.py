"""Workflows read as runners read them, and what nobody writes by hand refused before anything walks through it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workflows.schema import MOST, mistakes
from bot.workflows.yaml12 import MAX_BYTES, Workflow, WorkflowError

SOUND = b"""\
name: ci
on:
  push: {branches: [main]}
  workflow_dispatch:
  schedule: [{cron: '0 4 * * *'}]
permissions: {contents: read}
jobs:
  test:
    runs-on: docker
    timeout-minutes: 10
    container: {image: node}
    strategy: {matrix: {node: [18, 20], os: [on, yes, 0o7, 1_000, 12:30, 2026-01-01]}}
    steps:
      - uses: https://code.forgejo.org/actions/checkout@v4
        with: {fetch-depth: 0}
      - run: make
        if: always()
  call:
    uses: ./.forgejo/workflows/other.yml
    secrets: inherit
"""


def wrong(content: bytes) -> list[tuple[str, int, str]]:
    return [(one.rule.removeprefix("schema-"), one.line, one.title) for one in mistakes(Workflow(content))]


def job(*lines: str) -> bytes:
    return ("on: push\njobs:\n  a:\n" + "".join(f"    {line}\n" for line in lines)).encode()


def test_a_sound_workflow_has_no_mistakes() -> None:
    assert wrong(SOUND) == []


def test_words_that_older_yaml_takes_for_truth_stay_words() -> None:
    data = Workflow(SOUND).data
    assert list(data)[1] == "on"
    assert data["jobs"]["test"]["strategy"]["matrix"]["os"] == ["on", "yes", "0o7", "1_000", "12:30", "2026-01-01"]
    assert Workflow(b"[true, False, 1, -2, 1.5, 1e3, null, ~, '', on]").data == [
        True, False, 1, -2, 1.5, 1000.0, None, None, "", "on",
    ]  # fmt: skip


def test_every_part_has_its_line() -> None:
    workflow = Workflow(SOUND)
    assert [workflow.line_of(*keys) for keys in (("on",), ("jobs", "test", "steps", 1, "run"), ("none", "x"), ())] == [
        2, 16, 1, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (job("steps: 5"), [("missing-key", 3, "jobs.a requires runs-on"), ("type", 4, "jobs.a.steps must be a list")]),
        (
            job("runs-on: x", "stepps: []", "steps: [{run: y}]"),
            [("unknown-key", 5, "jobs.a has unknown keys: stepps")],
        ),
        (
            job("runs-on: x", "steps:", "  - run: y", "    shel: z"),
            [("unknown-key", 7, "jobs.a.steps.0 has unknown keys: shel")],
        ),
        (job("runs-on: x", "steps: [{run: [1]}]"), [("type", 5, "jobs.a.steps.0.run must be a string")]),
        (b"on: push\njobs: {}\n", [("empty", 2, "jobs has too few keys, minimum 1")]),
        (b"jobs: {a: {runs-on: x, steps: [{run: y}]}}\n", [("missing-key", 1, "the workflow requires on")]),
        (b"", [("type", 1, "the workflow must be a mapping")]),
        (b"- 1\n", [("type", 1, "the workflow must be a mapping")]),
    ],
)
def test_a_mistake_is_told_where_it_stands_in_the_form_that_is_meant(
    content: bytes, found: list[tuple[str, int, str]]
) -> None:
    assert wrong(content) == found


def test_values_of_the_file_are_never_told() -> None:
    value = "zanzibar"
    lines = ["runs-on: x", f"timeout-minutes: {value}", "steps:", f"  - run: {{a: {value}}}", f"  - {value}", "  - 5"]
    told = wrong(job(*lines) + f"permissions: {value}\nconcurrency: [{value}]\n".encode())
    assert len(told) >= 4
    assert [one for one in told if value in one[2]] == []


def test_no_more_mistakes_than_anybody_mends_at_once_are_told() -> None:
    assert len(wrong(job("runs-on: x", "steps:", *["  - {run: [1]}"] * 500))) == MOST


ODD_VALUE = "the value does not match its tag"
BOMB = b"on: push\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n" + b"".join(
    f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 10)}]\n".encode() for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("content", "why", "line"),
    [
        (b"on: push\njobs: [\n", "did not find expected node content", 3),
        (b"a: 1\n---\nb: 2\n", "but found another document", 2),
        (b"on: push\njobs: &a [*a]\n", "an alias contains itself", 2),
        (b"? &a {? *a : b}\n: c\n", "an alias contains itself", 1),
        (BOMB, "more than 50000 values", 6),
        (b"[" * 1000, "nested more than 40 levels deep", 1),
        (b"{a: " * 1000, "nested more than 40 levels deep", 1),
        (b"a: !!int " + b"9" * 5000, "a number with more than 1000 digits", 1),
        (b"a:\n  b: !!int ''\n", ODD_VALUE, 2),
        (b"a: !!bool x\n", ODD_VALUE, 1),
        (b"a: !!timestamp foo\n", ODD_VALUE, 1),
        (b"a: !!float " + b":".join([b"1"] * 400) + b".0\n", "a number with a colon; put it in quotes", 1),
        (b"a: !!int 0x" + b"f" * 5000, "a number with more than 1000 digits", 1),
        (b"a: !!python/object:os.system x\n", "syntax error", 1),
        (b"on: push\njobs: {}\non: pull_request\n", "duplicate key", 3),
        (b"? [a]\n: b\n", "found unhashable key", 1),
        (b"a: \xff\n", "not UTF-8", 0),
        (b"# " + b"x" * MAX_BYTES, "larger than 256 KiB", 0),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(content: bytes, why: str, line: int) -> None:
    with pytest.raises(WorkflowError) as caught:
        Workflow(content)
    assert (str(caught.value), caught.value.line) == (why, line)


@pytest.mark.parametrize("key", ["1", "true", "1.5", "~", "!!int 7", "!!bool x", "!!timestamp foo"])
def test_a_key_that_is_not_text_is_told_and_read_as_text(key: str) -> None:
    written = key.rpartition(" ")[2]
    content = f"on: push\njobs:\n  {key}:\n    runs-on: x\n    steps: [{{run: y}}]\n".encode()
    assert list(Workflow(content).data["jobs"]) == [written]
    assert ("key", 3, f"the key {written} is not a string; put it in quotes") in wrong(content)


def test_a_key_of_text_is_no_mistake_though_its_alias_is_a_number_elsewhere() -> None:
    content = job("runs-on: x", "env: {A: &n 1, '2': b}", "steps: [{run: y, env: {*n : c}}]")
    assert Workflow(content).data["jobs"]["a"]["env"] == {"A": 1, "2": "b"}
    assert wrong(content) == [("key", 5, "the key 1 is not a string; put it in quotes")]


def test_an_alias_is_what_it_stands_for() -> None:
    assert wrong(job("runs-on: x", "env: &e {A: b}", "steps: [{run: y, env: *e}]")) == []


@given(st.text(alphabet=st.sampled_from("a:-[]{}&*!|>'\"#,? \n\t%@`~<1.\u017c"), max_size=120))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        workflow = Workflow(text.encode())
    except WorkflowError:
        return
    assert all(one.line >= 1 and one.title for one in mistakes(workflow))


@pytest.mark.parametrize(
    "content",
    [
        job("runs-on: x", "steps:", *["  - {run: y, uses: z, k: [1]}"] * 5000),
        b"on: push\njobs:\n" + b"".join(b"  a%d: {runs-on: x, steps: 5}\n" % n for n in range(5000)),
        b"on: push\n" + b"".join(b"k%d: 1\n" % n for n in range(20_000)),
    ],
)
def test_a_file_full_of_mistakes_takes_no_endless_time(content: bytes) -> None:
    before = time.process_time()
    wrong(content)
    assert time.process_time() - before < 8
