"""The guard of the base branch, and what descriptions say of the pull requests that they are stacked on."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Report, Side, Verdict
from handlers.facts.references import Relation, relations
from handlers.guards.base import CHECK
from tests.handlers.guards.guarding import guarded, reference, report, rules
from tests.snapshots import PULL, snapshot

REPOSITORY = PULL.repository
STACKED = {"base": Side(ref="codex/pumps", repository=REPOSITORY)}
OPEN = {"references": (reference(11),)}


async def judged(body: str = "It is dry.", section: dict[str, Any] | None = None, **change: Any) -> Report:
    return await report(CHECK, snapshot(policy=guarded("base", **(section or {})), body=body, **change))


@pytest.mark.parametrize(
    ("allowed", "branch", "fine"),
    [
        ([], "main", True),
        ([], "staging", False),
        (["main", "release/*"], "release/2026.3", True),
        (["main", "release/*"], "release/2026/3", True),
        (["main", "release/*"], "prerelease/1", False),
        (["release/?"], "release/12", False),
        (["main"], "Main", False),
        (["main"], "feature/main", False),
    ],
)
async def test_a_base_branch_has_to_be_allowed(allowed: list[str], branch: str, *, fine: bool) -> None:
    found = await judged(section={"allowed": allowed, "stacked": "off"}, base=Side(ref=branch))
    assert rules(found) == ([] if fine else ["base-not-allowed"])
    assert found.verdict is (Verdict.PASS if fine else Verdict.BLOCK)
    assert branch in found.summary


@pytest.mark.parametrize(
    "line",
    ["Stacked on: #11", "Depends on !11", "- **Stacked on** PR #11.", "## Stacked on !11", "stacked on: #11, !12"],
)
async def test_a_stacked_pull_request_passes_where_it_names_its_open_parent(line: str) -> None:
    found = await judged(f"Pumps.\n\n{line}\n", **STACKED, **OPEN)
    assert (found.verdict, found.summary) == (Verdict.PASS, "stacked on !11, targets codex/pumps")


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("Pumps.", "parent-not-named"),
        ("Blocked by !11", "parent-not-named"),
        ("Stacked on: !12", "parent-not-named"),
        ("It isn't stacked on !11.", "parent-not-named"),
        ("> Stacked on: !11", "parent-not-named"),
        ("    Stacked on: !11", "parent-not-named"),
        ("Write `Stacked on: !11` there.", "parent-not-named"),
        ("<!-- Stacked on: !11 -->", "parent-not-named"),
        ("Stacked on: other/place!11", "parent-not-named"),
        ("Stacked on: !13", "parent-not-open"),
        ("Stacked on: !14", "parent-not-open"),
        ("Stacked on: #15", "parent-not-open"),
        ("Stacked on: !99", "parent-not-open"),
    ],
)
async def test_a_stacked_pull_request_without_an_open_parent_is_told_what_to_write(body: str, rule: str) -> None:
    known = (*OPEN["references"], reference(13, "merged"), reference(14, "closed"), reference(15, kind="issue"))
    found = await judged(body, **STACKED, references=known)
    assert (found.verdict, rules(found)) == (Verdict.BLOCK, [rule])
    assert "main" in found.findings[0].next_step


async def test_one_open_parent_is_enough() -> None:
    found = await judged("Stacked on !13 and !11", **STACKED, references=(reference(13, "merged"), reference(11)))
    assert found.verdict is Verdict.PASS


async def test_stacking_can_be_forbidden() -> None:
    found = await judged("Stacked on !11", {"stacked": "off"}, **STACKED, **OPEN)
    assert rules(found) == ["base-not-allowed"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("Depends on #5", [("depends", 5)]),
        ("depends on: #5, !6 and PR #7.", [("depends", 5), ("depends", 6), ("depends", 7)]),
        ("This depends\non #5", [("depends", 5)]),
        ("**Blocked by:** #5", [("blocked", 5)]),
        ("Depends on:\n- #5", [("depends", 5)]),
        ("Depends on:\n\n1. [ ] #5\n2. the pump's lease (!6), as #7 says\n\n#8", [("depends", 5), ("depends", 6)]),
        ("- Blocked by:\n  - #5\n- #6", [("blocked", 5)]),
        ("## Depends on\n\n#5, #6\n\n#7", [("depends", 5), ("depends", 6)]),
        ("It doesn't depend on:\n- #5", []),
        ("> Depends on:\n\n- #5", []),
        ("Depends on the weather:\n- #5", []),
        ("Depends on PR#5", [("depends", 5)]),
        ("Depends-on: #5", [("depends", 5)]),
        ("Blocked-by !5", [("blocked", 5)]),
        ("Depends on \u2014 #5", [("depends", 5)]),
        ("They depend on #5; blocked by #6", [("depends", 5), ("blocked", 6)]),
        (f"Depends on {REPOSITORY}#5", [("depends", 5)]),
        ("Depends on other/place#5", [("depends", 0)]),
        ("Depends on https://forge.example/other/place/pulls/5", [("depends", 0)]),
        ("It no longer depends on #5", []),
        ("not blocked by #5", []),
        ("It isn't really blocked by #5", []),
        ("Depends on the weather, see #5", []),
        ("Depends on water", []),
        ("See #5", []),
        ("```\nDepends on #5\n```", []),
        ("a <!-- b --> Depends on #5 <!-- c", [("depends", 5)]),
        ("Depends on #5\n\nDepends on #5", [("depends", 5)]),
        ("Depends on #5a", []),
        ("Stacked on: !\u20605", [("stacked", 5)]),
    ],
)
def test_ties_are_read_from_plain_words(body: str, found: list[tuple[str, int]]) -> None:
    assert [(one.word, one.number) for one in relations(body, REPOSITORY)] == found


def test_a_tie_elsewhere_keeps_what_was_written() -> None:
    assert relations("Depends on other/place#5", REPOSITORY) == (Relation("depends", 0, "other/place#5"),)


@given(st.text(alphabet="depends on#!1 \n`><-*[]()/.a", max_size=200))
def test_any_description_can_be_read(text: str) -> None:
    for one in relations(text, REPOSITORY):
        assert one.name in text.replace("\x00", " ") or "`" in text or "<!--" in text


@pytest.mark.parametrize(
    "piece",
    [
        "depends on ",
        "depends on #1 ",
        "depends on:\n- aaaa\n",
        "<!-- depends on ",
        "`depends on ",
        f"depends on {'a' * 100}/",
        "> " * 50 + "depends on #1\n",
    ],
)
def test_a_long_description_takes_no_long_time(piece: str) -> None:
    def seconds(size: int) -> float:
        body = (piece * (size // len(piece) + 1))[:size]
        began = time.process_time()
        relations(body, REPOSITORY)
        return time.process_time() - began

    # Four times as long a text takes four times as long on any machine; what grows with its square takes sixteen.
    assert seconds(1_000_000) < 9 * max(seconds(250_000), 0.05)
