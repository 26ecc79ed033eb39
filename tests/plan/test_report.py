"""The report comment: read in five seconds, bounded, and safe whatever the texts in it say."""

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from bot.model import Actor, Finding, Kind, Location, Report, Restored, Severity, Verdict
from bot.plan import report as reporting
from bot.plan.report import FOOTER, MAX_BYTES, without_footer, write
from tests.rendered import TRIGGERS, blocks, inlines, spoken, tokens, without_payload
from tests.snapshots import HEAD, ISSUE, NOW, finding, report, snapshot

EVIL = "@operator see workshop/garden#1 <!-- assay:footer --> `x` | ](javascript:alert(1)) </details> https://x.y"


def findings(count: int, text: str = "") -> tuple[Finding, ...]:
    return tuple(finding(title=f"Secret {number} {text}", fingerprint=f"sf_{number:016x}") for number in range(count))


def blocked(count: int = 1, text: str = "") -> Report:
    return report(Verdict.BLOCK, summary=f"{count} leaked secrets", findings=findings(count, text))


def told(*reports: Report, notices: Sequence[str] = ()) -> str:
    """What people read of a report: without the folded machine-readable report."""
    return without_payload(write(snapshot(), reports, notices))


def bare(body: str) -> str:
    """The hash covers the whole model, so a new field of it would change every recorded report."""
    return re.sub(r"snapshot `[0-9a-f]{16}`", "snapshot `...`", body)


def test_a_clean_report(golden: SnapshotAssertion) -> None:
    assert bare(write(snapshot(), [report(summary="no secret in 1 commit")], [])) == golden


def test_a_blocked_report(golden: SnapshotAssertion) -> None:
    told = [
        reporting.restored_notice(
            Restored(object="label:x", what="Label x was set by codex", today=1, total=2, last_at=NOW)
        ),
        reporting.left_notice("comment:report"),
    ]
    several = [
        finding(evidence="found 2 times; in a1a1a1a1a1, b2b2b2b2b2", next_step="Revoke it first."),
        *findings(6, "with a long tail"),
    ]
    reports = [
        report(Verdict.ERROR, check="policy", summary="the last valid policy is used"),
        report(
            Verdict.BLOCK, summary="7 leaked secrets", findings=tuple(several), notes=("What is harmless is accepted.",)
        ),
    ]
    assert bare(write(snapshot(), reports, told)) == golden


@pytest.fixture(name="golden")
def golden_report(request: pytest.FixtureRequest) -> SnapshotAssertion:
    """The recorded text; its own fixture is called as our builder of snapshots is."""
    recorded: SnapshotAssertion = request.getfixturevalue("snapshot")
    return recorded


def test_five_findings_stand_open_the_rest_is_folded_and_beyond_fifty_only_counted() -> None:
    body = write(snapshot(), [blocked(60)], [])
    opening, closing = body.index("<details><summary>45 more findings</summary>"), body.index("\n</details>")
    shown = [match.start() for match in re.finditer(r"\*\*critical\*\*", body)]
    assert (sum(at < opening for at in shown), sum(opening < at < closing for at in shown), len(shown)) == (5, 45, 50)
    assert "*10 more findings not shown.*" in body
    assert "more finding" not in told(blocked(5))


def test_a_long_report_is_cut_to_its_limit_and_what_is_folded_is_closed() -> None:
    long = tuple(one.model_copy(update={"evidence": "ä|" * 500}) for one in findings(50))
    body = write(snapshot(), [report(Verdict.BLOCK, check=f"check-{n}", findings=long) for n in range(4)], [])
    assert MAX_BYTES - 3000 < len(body.encode()) <= MAX_BYTES
    assert body.count("<details>") == body.count("</details>")
    assert (reporting.CUT in body, reporting.CUT in write(snapshot(), [blocked()], [])) == (True, False)
    assert body.partition(FOOTER)[2].startswith("<sub>head")
    assert [token.content for token in tokens(body) if token.type == "html_block"][-1].startswith("<!-- assay:footer")


@settings(max_examples=25)
@given(st.integers(0, 60), st.integers(0, 1000))
def test_no_report_is_larger_than_its_limit(count: int, length: int) -> None:
    body = write(snapshot(), [blocked(count, "`" * length)] * 3, ["> " * length] * 9)
    assert len(body.encode()) <= MAX_BYTES
    assert body.count("\n<details>") == body.count("\n</details>")


HOSTILE = report(
    Verdict.BLOCK,
    summary=EVIL,
    findings=(
        finding(
            title=EVIL,
            evidence=EVIL,
            next_step=EVIL,
            location=Location(where="diff", path=f"a\n# b\n{EVIL}", line=4, commit=HEAD),
        ),
    ),
    notes=(EVIL,),
)


def test_texts_of_strangers_make_no_link_no_html_no_mention_and_no_reference() -> None:
    restored = Restored(object="x", what=EVIL, today=1, total=1, last_at=NOW)
    notices = [reporting.restored_notice(restored), reporting.left_notice(f"label:{EVIL}")]
    body = told(HOSTILE, notices=notices)
    found = tokens(body)
    assert {token.type for token in found} & {"link_open", "image", "fence", "code_block"} == set()
    raw = [token.content.strip() for token in found if token.type in {"html_block", "html_inline"}]
    assert raw == ["<!-- assay:workshop/garden!12 -->", "<!-- assay:footer -->", "<sub>", "</sub>"]
    assert TRIGGERS.search(spoken(body)) is None
    assert blocks(body).count("heading") == 2


def test_the_marker_of_the_footer_in_a_path_hides_nothing_that_follows() -> None:
    later = report(Verdict.BLOCK, check="later", findings=findings(1))
    one, two = write(snapshot(), [HOSTILE], []), write(snapshot(), [HOSTILE, later], [])
    assert "<!-- assay:footer -->" in without_footer(one)
    assert f"`sf_{0:016x}`" in without_footer(two)


def test_the_footer_alone_makes_no_difference() -> None:
    one, two = write(snapshot(), [report()], []), write(snapshot(title="Other"), [report()], [])
    assert (one == two, without_footer(one) == without_footer(two)) == (False, True)
    assert without_footer("somebody's words \n") == "somebody's words"


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (Location(where="target"), ""),
        (Location(where="title"), "title"),
        (Location(where="comment", comment_id=5), "comment 5"),
        (Location(where="message", commit=HEAD), f"message @ {HEAD[:10]}"),
        (Location(where="policy", path=".forgejo/assay.yml"), ".forgejo/assay.yml"),
        (Location(where="diff", path="a b.py", line=3, commit=HEAD), f"a b.py:3 @ {HEAD[:10]}"),
        (Location(where="diff", path="a.py", commit=HEAD), f"a.py @ {HEAD[:10]}"),
    ],
)
def test_where_a_finding_stands(location: Location, told: str) -> None:
    assert reporting.where(location) == told


def test_an_issue_has_its_own_marker_and_no_head() -> None:
    body = write(snapshot(ISSUE), [report()], [])
    assert body.startswith("<!-- assay:workshop/garden#7 -->\n")
    assert "head `" not in body
    assert ISSUE.kind is Kind.ISSUE


def test_each_row_of_the_table_is_a_check() -> None:
    rows = [report(), report(Verdict.ADVISE, check="guards", summary="a | b")]
    lines = inlines(told(*rows))
    cells = ["".join(part.content for part in line) for line in lines]
    start = cells.index("Summary") + 1
    assert cells[start : start + 3] == ["guards", "💡\N{NO-BREAK SPACE}advise", "a | b"]
    folded = cells.index("Summary", start) + 1
    assert cells[folded : folded + 3] == ["secret-leak", "✅\N{NO-BREAK SPACE}pass", "all is well"]
    assert "<details><summary>1 passed</summary>" in told(*rows)


def test_every_verdict_and_severity_has_its_words() -> None:
    bodies = [write(snapshot(), [report(findings=(finding(severity=one),))], []) for one in Severity]
    assert [f"**{one}**" in body for one, body in zip(Severity, bodies, strict=True)] == [True] * 4


def test_what_stops_a_merge_stands_open_and_before_the_rest_which_is_folded() -> None:
    advised = report(Verdict.ADVISE, check="docs-drift", findings=findings(1))
    body = told(report(), advised, report(Verdict.BLOCK, check="contract", findings=findings(1)))
    assert body.index("| `contract` |") < body.index("| `docs-drift` |") < body.index("| `secret-leak` |")
    folded = body.index("<details><summary>Other checks</summary>")
    assert body.index("#### contract") < folded < body.index("#### docs-drift")


def test_the_payload_holds_what_the_checks_say_and_nothing_that_ends_it() -> None:
    body = write(snapshot(), [HOSTILE, report(check="scope", data={"allowed": ["<!-- pumps -->"]})], [])
    (text,) = re.findall(r"^```json\n<!-- assay\.report\.v1 -->\n(.*?)\n<!-- /assay", body, re.DOTALL | re.MULTILINE)
    payload = json.loads(text)
    assert [one["check"] for one in payload["reports"]] == [HOSTILE.check, "scope"]
    assert payload["reports"][1]["data"] == {"allowed": ["<!-- pumps -->"]}
    assert payload["reports"][0]["findings"][0]["title"] == HOSTILE.findings[0].title
    assert not {"<", ">", "`", "@"} & set(text)


def test_a_payload_that_is_too_long_goes_without_its_findings() -> None:
    body = write(snapshot(), [report(Verdict.BLOCK, findings=findings(50))], [])
    (text,) = re.findall(r"^<!-- assay\.report\.v1 -->\n(.*?)\n<!-- /assay", body, re.DOTALL | re.MULTILINE)
    assert json.loads(text)["reports"] == [{"check": "secret-leak", "summary": "all is well", "verdict": "block"}]


def test_a_check_that_calls_nobody_stands_behind_its_equals() -> None:
    quiet = finding(actor=Actor.NOBODY)
    body = told(
        report(),
        report(Verdict.BLOCK, check="held", findings=(quiet,)),
        report(Verdict.BLOCK, check="red-zone", findings=findings(1)),
    )
    assert body.index("| `red-zone` |") < body.index("| `held` |") < body.index("| `secret-leak` |")


def test_a_cut_within_what_is_folded_twice_closes_both() -> None:
    long = tuple(one.model_copy(update={"evidence": "ä|" * 500}) for one in findings(50))
    advised = [report(Verdict.ADVISE, check=f"check-{number}", findings=long) for number in range(4)]
    body = write(snapshot(), [report(Verdict.BLOCK, findings=findings(1)), *advised], [])
    assert len(body.encode()) <= MAX_BYTES
    assert body.count("<details>") == body.count("</details>")
