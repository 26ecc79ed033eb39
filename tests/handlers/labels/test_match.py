"""What a label rule may ask, and when it fits."""

from typing import Any

import pytest

from bot.model import AddedLines, Side, Target
from bot.policy import SecretLeakPolicy
from handlers.facts.change import Announced, announced, sections, size
from handlers.labels.check import NOTHING
from tests.handlers.labels.labelling import NO_DEFAULTS, files, labels, report, rule, ruled, said
from tests.snapshots import ISSUE, OUTSIDER, PULL, leak


@pytest.mark.parametrize(
    ("when", "target", "change", "fits"),
    [
        ({}, ISSUE, {}, True),
        ({"paths": ["garden/"]}, PULL, {}, True),
        ({"paths": ["garden/", "!plan.py"]}, PULL, {}, False),
        ({"paths": ["*"]}, ISSUE, {}, False),
        ({"only": ["*.py"]}, PULL, {"files": files("a.py", "b.py")}, True),
        ({"only": ["*.py"]}, PULL, {"files": files("a.py", "b.c")}, False),
        ({"only": ["*"]}, PULL, {"files": ()}, False),
        ({"adds": ["eval("]}, PULL, {"added": (AddedLines(path="a.py", start=1, text="Eval(x)"),)}, True),
        ({"title": ["water*"]}, ISSUE, {}, True),
        ({"title": ["water"]}, ISSUE, {}, False),
        ({"type": ["Fix"]}, ISSUE, {"title": "fix: x"}, True),
        ({"scope": ["pump"]}, ISSUE, {"title": "fix(pump, bed): x"}, True),
        ({"words": ["dry"]}, ISSUE, {}, True),
        ({"words": ["dr"]}, ISSUE, {}, False),
        ({"sections": ["why*"]}, ISSUE, {"body": "## Why it matters\n\nDry."}, True),
        ({"sections": ["why*"]}, ISSUE, {"body": "## Why it matters\n\n<!-- say -->\n\n## Else\n\nx"}, False),
        ({"author": ["CODEX"]}, ISSUE, {}, True),
        ({"author": ["code"]}, ISSUE, {}, False),
        ({"by": ["other"]}, ISSUE, {"author": OUTSIDER}, True),
        ({"kind": ["pull"]}, ISSUE, {}, False),
        ({"state": ["draft", "open"]}, PULL, {}, True),
        ({"state": ["draft"]}, PULL, {}, False),
        ({"base": ["release/*"]}, PULL, {"base": Side(ref="release/2", sha="b" * 40)}, True),
        ({"base": ["*"]}, ISSUE, {}, False),
        ({"size": ["unknown"]}, PULL, {}, True),
        ({"tier": ["full"]}, PULL, {}, True),
        ({"secrets": ["critical"]}, PULL, {"leaks": (leak(),)}, True),
        ({"secrets": ["low"]}, PULL, {"leaks": (leak(),)}, False),
        ({"title": ["*"], "words": ["wet"]}, ISSUE, {}, False),
        ({"title": ["*"], "words": ["wet", "dry"]}, ISSUE, {}, True),
    ],
)
async def test_a_rule_fits_where_all_its_conditions_hold(
    when: dict[str, Any], target: Target, change: dict[str, Any], fits: bool
) -> None:
    found = await report(target, policy=ruled(rule("meta", **when), **NO_DEFAULTS), **change)
    assert found.labels == ({"meta": True} if fits else {})
    assert (found.summary == NOTHING, found.shown) == (not fits, fits)


@pytest.mark.parametrize("accept", ["policy", "command"])
async def test_an_accepted_secret_counts_no_more(accept: str) -> None:
    found = leak()
    entry = {"accept": [{"fingerprint": found.fingerprint, "reason": "a test's"}]} if accept == "policy" else {}
    policy = ruled(rule("meta", secrets=["critical"]), **NO_DEFAULTS)
    policy = policy.model_copy(update={"secret_leak": SecretLeakPolicy.model_validate(entry)})
    decisions = () if entry else (said("accept", found.fingerprint),)
    assert await labels(policy=policy, leaks=(found,), decisions=decisions) == set()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("# A\n\ntext", ("A",)),
        ("# A\n\n## B\n\ntext\n\n# C", ("A", "B")),
        ("# A\n\n```\ncode\n```", ("A",)),
        ("# A\n- [ ] one", ("A",)),
        ("A\n===\ntext", ("A",)),
        ("# A\n\n<!-- a template\n\nsays so -->\n", ()),
        ("> # Quoted\n\ntext", ()),
        ("```\n# code\n```\ntext", ()),
        ("# A\n# B\ntext", ("B",)),
        ("text", ()),
        ("", ()),
    ],
)
def test_sections_are_headings_with_text_under_them(body: str, found: tuple[str, ...]) -> None:
    assert sections(body) == found


def test_a_title_announces_types_and_scopes() -> None:
    assert announced("wip: [WIP] Fix(UI/api, db)!: x") == Announced(("fix", "breaking"), ("ui", "api", "db"))
    assert announced("fix" * 1000 + ": x") == Announced()
    assert size(()) == "unknown"
