"""What of a text is judged as a claim about a soak: sentences of Markdown, and where contracts look for claims."""

import pytest

from bot.model import AddedLines, Snapshot
from bot.policy.contract import ContractPolicy
from handlers.contract.conditions.soak_claims import soak_claims
from handlers.facts.description.sections import read
from handlers.soak.claims.classify import Claim, claims_in, sentences
from tests.handlers.contract.contracts import full


def test_sentences_are_what_the_writer_says_himself() -> None:
    text = (
        "# Soak\n\n<!-- soak\npassed -->\nOne line\nand another. A third!\n\n> quoted\n> soak passed\n\n"
        "```\nsoak passed\n```\n\n    soak passed\n\n- item `a. b`\n  - [x] done [see](https://x.org/soak-passed)\n\n"
        "| a | b |\n|---|---|\n| soak | passed |\n"
    )
    assert list(sentences(text)) == [
        (1, "# Soak"),
        (5, "One line and another."),
        (6, "A third!"),
        (17, "item `a. b`"),
        (18, "[x] done [see]"),
        (20, "| a | b |"),
        (22, "| soak | passed |"),
    ]


def test_a_negation_on_the_line_before_counts() -> None:
    assert not list(claims_in("Nobody claims that\nthe soak has started.\n"))
    assert list(claims_in("Nobody doubts it.\nThe soak has started.\n")) == [
        (2, Claim("started", "The soak has started."))
    ]


def test_a_label_or_a_hard_break_begins_a_sentence() -> None:
    text = "Not done: audit\nSoak: started on Monday\nand fine  \nsoak passed\n"
    assert [claim.stage for _, claim in claims_in(text)] == ["started", "complete"]
    assert [line for line, _ in sentences(text)] == [1, 2, 4]


def test_quotations_and_abbreviations_arent_cut() -> None:
    assert list(sentences('He wrote "Soak over. Fallback removed." and left. See e.g. the log. (A. B.) C')) == [
        (1, 'He wrote "Soak over. Fallback removed." and left.'),
        (1, "See e.g. the log."),
        (1, "(A. B.)"),
        (1, "C"),
    ]
    assert list(sentences("Fallback removed? Yes.")) == [(1, "Fallback removed? Yes.")]


def test_every_sentence_of_an_open_task_is_open() -> None:
    assert not list(claims_in("- [ ] Soak passed. Fallback removed.\n"))
    assert [claim.stage for _, claim in claims_in("- [x] Soak passed. Fallback removed.\n")] == ["complete", "removed"]


@pytest.mark.parametrize("above", ["Merge when:", "## Acceptance criteria", "This doesn't claim that:", "Plan:"])
def test_what_stands_below_a_plan_is_no_claim(above: str) -> None:
    assert not list(claims_in(f"{above}\n\n- the soak has passed\n- the fallback is gone\n"))
    assert len(list(claims_in(f"{above}\n\n- one\n\n## Status\n\n- the soak has passed\n"))) == 1


def where(snapshot: Snapshot) -> list[str]:
    return [claim.where for claim in soak_claims(read(snapshot.inputs.body, ContractPolicy()), snapshot)]


@pytest.mark.parametrize(
    ("path", "text", "places"),
    [
        ("docs/a.md", "Nobody says that\nthe soak has passed.\nThe soak is\nrunning.", ["docs/a.md:9"]),
        ("docs/a.md", "```\nsoak passed\n```\n> soak passed", []),
        ("bin/a.sh", "if x\n    # the soak has passed\n", ["bin/a.sh:8"]),
        ("bin/a.sh", "removed the legacy token\nremoved the legacy token after its soak", ["bin/a.sh:8"]),
        ("bin/a.py", 'say("soak passed")\nsoak_passed = 1', []),
    ],
)
def test_contracts_look_for_claims_in_added_lines(path: str, text: str, places: list[str]) -> None:
    assert where(full(added=(AddedLines(path=path, start=7, text=text),))) == places


def test_contracts_look_for_claims_in_title_and_description_and_show_the_first() -> None:
    body = "## What changed\n\nOne.\n\nThe soak\nhas passed.\n\n```\nsoak passed\n```\n"
    assert where(full(title="docs: record soak start", body=body, added=())) == ["the title", "the description"]
    assert where(full(title="docs: record", body=body + "\n\nSoak over." * 9, added=())) == ["the description"] * 5
    assert where(full(body="## Out of scope\n\nThe soak has passed.\n", added=())) == []
