"""The judgment's comment: its form, and that no text of anybody breaks out of its place in it."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.model import ChangedFile, Target
from bot.policy import JudgePolicy
from bot.text.escape import cut, visible
from handlers.judge.check import CHECK
from handlers.judge.comment import OMITTED, SHOWN_EARLIER, body, moved, section, stepped_back
from handlers.judge.external_judges import between_markers
from handlers.judge.payload import Payload, fitting, parsed
from handlers.language.text import resolves
from tests.judgments import ESCALATED, comment, decision, issue, judged_by, made, on, payload
from tests.rendered import TRIGGERS, blocks, inlines, spoken, tokens, words
from tests.snapshots import ISSUE, NOW, POLICY, TOOLS, snapshot
from tests.text.test_escape import hostile

OWN = POLICY.model_copy(update={"judge": JudgePolicy(comment="own")})
safe = hostile.filter(lambda text: "\ud800" not in text)
CELL = {"text", "code_inline"}


def _cells(markdown: str, table: int = 0) -> list[list[str]]:
    """The words of a table's rows."""
    tables: list[list[list[str]]] = []
    for token in tokens(markdown):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and token.level >= 4:
            tables[-1][-1].append(words(token.children or []))
    return tables[table]


def test_it_has_the_table_the_reasons_and_the_payload() -> None:
    made = payload(issue(), **ESCALATED, judge_actor={"name": "assaymaster", "runtime": "rules"})
    markdown = body(made, ())
    assert markdown.startswith(
        "### Assaymaster judgment\n\n**Operator needed** · **p1**\n\n| Field | Value |\n| --- | --- |"
    )
    assert _cells(markdown)[1:] == [
        ["Target", "workshop/garden#issue#7"],
        ["Priority", "p1"],
        ["Action", "operator_needed"],
        ["Scores", "reach 2 / impact 3 / confidence 4"],
        ["Operator fit", "low"],
        ["Effort", "small"],
        ["Labels", "judge/p1, judge/operator-needed"],
        ["Judge", "assaymaster via rules"],
    ]
    assert f"**Rationale:** {made.rationale_summary}" in markdown
    assert f"**Caveat:** {made.top_caveat}" in markdown
    assert "<details>\n<summary>Structured openclaw.judge.v0 payload</summary>\n\n```json\n<!-- openclaw.j" in markdown
    assert markdown.endswith("\n<!-- /openclaw.judge.v0 -->\n```\n\n</details>")


def test_it_leads_with_the_answer_and_the_words_that_it_rests_on() -> None:
    ref = {
        "note": 'it asks to change production (asks-production): "Switch the DNS", line 4',
        "value": "issue-body-goal",
    }
    markdown = body(payload(issue(), **ESCALATED, evidence_refs=(ref,)), (), (decision("priority", "p0", by="piotr"),))
    assert markdown.splitlines()[2:5] == [
        "**Operator needed** · **p1** (set by piotr)",
        "",
        '- it asks to change production (asks-production): "Switch the DNS", line 4',
    ]


async def test_on_a_pull_request_it_is_a_section_of_the_report() -> None:
    report = await CHECK.assess(snapshot(), TOOLS)
    assert report.comment is not None
    assert (report.comment.only_if_there, report.comment.body) == (True, moved())
    (found,) = [parsed(text) for text in between_markers(report.section)]
    assert found.judged_at == made(report).judged_at
    own = await CHECK.assess(snapshot(policy=OWN), TOOLS)
    assert own.comment is not None
    assert (own.comment.only_if_there, own.section) == (False, "")


def test_a_payload_that_is_too_long_for_the_report_is_left_out_with_a_word() -> None:
    ref = {"note": "ł" * 300, "value": "ł" * 200}
    long = section(payload(issue(), evidence_refs=(ref,) * 20))
    assert OMITTED in long
    assert between_markers(long) == []


def test_its_payload_is_read_by_other_judges() -> None:
    made = payload(issue())
    assert [parsed(text) for text in between_markers(body(made, ()))] == [made]


def test_a_priority_and_a_parking_by_a_person_say_by_whom() -> None:
    made = payload(issue(), recommended_next_action="park")
    rows = dict(_cells(body(made, (), (decision("priority", "p2"), decision("park"))))[1:])
    assert (rows["Priority"], rows["Action"]) == ("p2, set by operator", "park, set by operator")


def test_earlier_judgments_fold_under_it_newest_first() -> None:
    first = payload(issue(), judged_at=NOW - timedelta(days=9), priority="p3")
    second = payload(issue(), judged_at=NOW - timedelta(days=2), rerun_reason="body_changed")
    markdown = body(payload(issue()), (first, second))
    assert _cells(markdown, 1)[1:] == [
        ["2026-02-27 12:30 UTC", "p2", "codex_candidate", "body_changed"],
        ["2026-02-20 12:30 UTC", "p3", "codex_candidate", "no_prior_judgment"],
    ]
    assert markdown.count("<details>") == markdown.count("</details>") == 2


def test_the_newest_of_many_earlier_judgments_are_shown() -> None:
    many = [payload(issue(), judged_at=NOW - timedelta(days=30 - day)) for day in range(20)]
    rows = _cells(body(payload(issue()), many), 1)[1:]
    assert len(rows) == SHOWN_EARLIER
    assert rows[0][0].startswith("2026-02-18")


def _written(texts: list[str]) -> tuple[Payload, str]:
    one, two, three, four = texts
    target = Target(repository=f"o/{cut(four, 40)}", number=7, kind=ISSUE.kind)
    observed = issue(labels=(one, two)).model_copy(update={"target": target})
    made = payload(
        observed,
        rationale_summary=one,
        top_caveat=two,
        evidence_refs=({"note": one, "type": two, "value": three},),
        escalation={"kind": three, "reason": four},
        labels_to_apply=("judge/p2", three),
        judge_actor={"name": cut(f"x{three}", 100), "runtime": cut(f"x{four}", 100)},
    )
    decided = (decision("priority", "p2", by=cut(four, 90)), decision("park", by=cut(one, 90)))
    return made, body(made, (made, made), decided)


PLAIN = _written(["a", "b", "c", "d"])[1]


@given(st.lists(safe, min_size=4, max_size=4))
def test_no_text_leaves_its_place(texts: list[str]) -> None:
    made, markdown = _written(texts)
    assert blocks(markdown) == blocks(PLAIN)
    assert [len(row) for row in _cells(markdown)] == [2] * 9
    assert [len(row) for row in _cells(markdown, 1)] == [4] * 3
    assert {part.type for line in inlines(markdown) for part in line} <= CELL | {"strong_open", "strong_close"}
    html = [token.content for token in tokens(markdown) if token.type == "html_block"]
    assert html == [token.content for token in tokens(PLAIN) if token.type == "html_block"]
    assert TRIGGERS.search(spoken(markdown)) is None
    (fence,) = [token.content for token in tokens(markdown) if token.type == "fence"]
    assert [parsed(text) for text in between_markers(fence)] == [made]
    assert "@" not in fence
    rows = dict(_cells(markdown)[1:])
    assert rows["Target"] == visible(f"{made.target.repo}#issue#7")
    shown = "\n".join(words(line) for line in inlines(markdown))
    assert visible(made.rationale_summary).strip() in shown


@given(safe)
def test_no_name_of_a_judge_leaves_its_place(name: str) -> None:
    markdown = stepped_back(name, 77)
    assert blocks(markdown) == ["heading", "inline", "paragraph", "inline"]
    assert {part.type for line in inlines(markdown) for part in line} <= CELL
    assert TRIGGERS.search(spoken(markdown)) is None


@given(st.lists(safe, min_size=5, max_size=5))
async def test_nothing_that_people_write_leaves_its_place_by_the_real_rules(texts: list[str]) -> None:
    title, text, label, path, why = texts
    theirs = judged_by("iskra", issue(), rationale_summary=text, judge_actor={"name": "x", "runtime": f"x{why}"})
    observed = snapshot(
        title=f"x{title}",
        body=text,
        labels=(label,),
        files=(ChangedFile(path=f"deploy/{path}", status="added"),),
        comments=(comment(why), theirs),
        policy=OWN,
        decisions=(decision("priority", "p0", why=why), decision("park", comment_id=302, why=title)),
    )
    report = await CHECK.assess(observed, TOOLS)
    assert report.comment is not None
    markdown = report.comment.body
    assert [block for block in blocks(markdown) if block.startswith("h")] == ["heading", "html_block", "html_block"]
    assert {part.type for line in inlines(markdown) for part in line} <= CELL | {"strong_open", "strong_close"}
    assert TRIGGERS.search(spoken(markdown)) is None
    (found,) = [parsed(text) for text in between_markers(markdown)]
    assert on(report) == {"judge/p0", "judge/park"} | set(found.labels_to_apply)
    assert all(resolves(ref.value, observed) for ref in found.evidence_refs if not ref.note.startswith("/"))


def test_references_that_make_it_too_long_are_left_out_longest_first() -> None:
    short: dict[str, Any] = {"note": "It is short.", "value": "issue-title"}
    long: dict[str, Any] = {"note": "It is long.", "value": "diff:" + "\U0001f331" * 1000}
    made = payload(issue(), evidence_refs=(long, short, long, long, long))
    values = [len(ref.value) for ref in fitting(made).evidence_refs]
    assert values == [1005, 11, 1005, 1005]
    assert fitting(payload(issue(), evidence_refs=(short,))).evidence_refs[0].value == "issue-title"


def test_the_longest_texts_leave_it_at_a_size_that_forgejo_takes() -> None:
    ref: dict[str, Any] = {"note": "ł" * 300, "value": "ł" * 200}
    made = fitting(payload(issue(), rationale_summary="ł" * 600, top_caveat="ł" * 600, evidence_refs=(ref,) * 20))
    assert len(body(made, (made,) * 20).encode()) < 60_000
    assert json.loads(between_markers(body(made, ()))[0])["top_caveat"] == made.top_caveat
