"""The check in the guide, and the test that a copy of it would have."""

import runpy
from pathlib import Path

from bot.model import Check, Verdict
from tests.snapshots import TOOLS, snapshot

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "title_check.py"
CHECK: Check = runpy.run_path(str(EXAMPLE))["CHECK"]


async def test_a_title_of_one_word_is_a_finding_with_a_next_step() -> None:
    report = await CHECK.assess(snapshot(title="Fix"), TOOLS)
    (finding,) = report.findings
    assert report.verdict is Verdict.ADVISE
    assert (finding.rule, finding.location.where) == ("one-word", "title")
    assert finding.next_step


async def test_a_title_of_several_words_passes() -> None:
    report = await CHECK.assess(snapshot(title="Fix the pump"), TOOLS)
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
