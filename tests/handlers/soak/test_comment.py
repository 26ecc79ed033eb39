"""A soak's comment: who is needed stands first, all evidence is there or counted, and no text breaks out of it."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.soak.comment import FITS, MAX_BYTES, MAX_ROWS, body, explanation, fitting
from handlers.soak.payload import BEGIN, END, Criterion, Fact, GateState, Next, Row, SoakState, Transition
from tests.handlers.soak.soak_states import FORGE, NAMES, PHRASE, at, many, state
from tests.rendered import TRIGGERS, blocks, inlines, spoken, tokens, words
from tests.text.test_escape import hostile

safe = hostile.filter(lambda text: "\ud800" not in text)
PARTS = {"text", "code_inline", "strong_open", "strong_close", "link_open", "link_close", "em_open", "em_close"}


def parsed(text: str) -> list[SoakState]:
    """The payloads that a comment carries."""
    found = [part.partition(END)[0] for part in text.split(BEGIN)[1:]]
    values: list[dict[str, Any]] = [json.loads(one) for one in found]
    assert all(one.pop("schema") == "soak.state.v1" for one in values)
    return [SoakState.model_validate(one) for one in values]


def cells(markdown: str) -> list[list[list[str]]]:
    """The words of each table's rows."""
    tables: list[list[list[str]]] = []
    for token in tokens(markdown):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and token.level >= 4:
            tables[-1][-1].append(words(token.children or []))
    return tables


def lines(markdown: str) -> list[str]:
    return [words(parts) for parts in inlines(markdown)]


def hrefs(markdown: str) -> set[str]:
    found = [token.attrs["href"] for token in tokens(markdown) if token.type == "link_open"]
    return {str(one) for one in found}


def test_who_has_to_do_what_stands_first() -> None:
    assert lines(body([state("installed")]))[:3] == [
        "🔧 Soak deploy-runner-token: installed",
        "Next: operator — merge #273",
        "Now: the token file is installed, since 2026-05-14 07:40 UTC.",
    ]
    assert lines(body([state("closed")]))[1] == "Next: nobody — no action needed"


def test_a_date_before_which_nothing_can_be_done_is_told() -> None:
    assert lines(body([state("threshold-met")]))[1].endswith("--post (not before 2026-05-21 07:42 UTC)")


def test_what_the_operator_has_to_write_stands_as_code() -> None:
    assert (
        "**Next:** **operator** — review the evidence; to approve, comment here with this phrase on a line of its own: "
        f"`{PHRASE}`" in body([state("awaiting-operator")])
    )


def test_commands_of_the_next_step_stand_as_code() -> None:
    told = body([state("blocked")])
    assert "**Next:** **operator** — investigate comment 9, then comment `/soak-restart deploy-runner-token`\n" in told
    assert "— post the install evidence: `assay evidence collect --soak " in body([state("not-started")])


def test_alarms_stand_before_the_rest() -> None:
    told = body([state("removed", alarms=("Failure after the removal: run #1950 failed (comment 20).",))])
    assert blocks(told)[:6] == ["heading", "inline", "paragraph", "inline", "blockquote", "paragraph"]
    assert lines(told)[2] == "⚠️ Failure after the removal: run #1950 failed (comment 20)."


def test_alarms_that_are_not_listed_are_counted() -> None:
    told = lines(body([state("removed", alarms=tuple(f"Alarm {n}." for n in range(11)))]))
    assert told[2:4] == ["⚠️ Alarm 3.", "⚠️ Alarm 4."]
    assert told[10] == "⚠️ Earlier alarms not listed: 3."


def test_criteria_have_need_have_and_links() -> None:
    told = body([state("threshold-met")])
    assert cells(told)[0][:5] == [
        ["", "State", "Needs", "Has", "Evidence"],
        [
            "✅",
            "installed",
            "a token file that only its owner can read",
            "mode 0600, forgejo-deploy:forgejo-deploy, 333 bytes",
            "3",
        ],
        ["✅", "soaking", "a verified run after #273", "since 2026-05-14 07:42 UTC", "6"],
        ["✅", "threshold-met", "3 runs, at least one for each of matrix-well-known, dashboard", "3 of 3", "6, 7"],
        ["⬜", "audited", "7 days, then an audit of 10 logs over 48 hours", "not before 2026-05-21 07:42 UTC", ""],
    ]
    assert {"#issuecomment-3", "#issuecomment-6", "#issuecomment-7"} <= hrefs(told)


def test_evidence_says_whether_it_counts_and_why() -> None:
    rows = cells(body([state("threshold-met")]))[1]
    assert rows[2] == [
        "2026-05-14 07:41",
        "smoke",
        "matrix-well-known",
        "727",
        "deploy-runner",
        "⬜ not counted: #273 is not merged",
    ]
    assert [row[3] for row in rows[1:]] == ["", "727", "729", "736", "737"]


def test_facts_are_folded_with_how_sure_they_are() -> None:
    told = body([state("soaking")])
    assert "<summary>✅ smoke, run 729, comment 6: 5 verified, 3 attested</summary>" in told
    assert ["run", "✅ verified", "run #729 succeeded", "runs?run_number=729"] in cells(told)[4]
    assert told.count("<details>") == told.count("</details>") == 5


def test_pull_requests_that_it_waits_for_are_listed() -> None:
    assert cells(body([state("soaking")]))[-1][1:] == [
        ["✅", "prerequisite", "#273", "merged 2026-05-14 07:41 UTC"],
        ["⬜", "report", "#437", "open"],
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/a b", "https://x/)[y](z", "", "ftp://x/y"])
def test_a_run_is_linked_only_by_an_address_of_the_usual_form(url: str) -> None:
    made = state("soaking")
    rows = tuple(row.model_copy(update={"url": url}) for row in made.evidence)
    assert all(one.startswith("#issuecomment-") for one in hrefs(body([made.model_copy(update={"evidence": rows})])))
    assert f"{FORGE}/actions/runs/729" in hrefs(body([made]))


@pytest.mark.parametrize("name", NAMES)
def test_its_payload_is_the_state(name: Any) -> None:
    made = state(name)
    assert parsed(body([made])) == [made]
    assert body([made]).endswith(f"\n{END}\n```\n\n</details>")


def test_several_soaks_stand_one_under_the_other() -> None:
    two = [state("soaking"), state("closed", soak="other")]
    assert [one.soak for one in parsed(body(two))] == ["deploy-runner-token", "other"]
    assert body([]) == explanation([]) == "No soak is tracked here."


@pytest.mark.parametrize("count", [1, 3, 20])
def test_however_much_evidence_there_is_it_stays_a_comment(count: int) -> None:
    told = body([many(200)] * count)
    assert len(told.encode()) <= MAX_BYTES
    assert told.count("### ") == told.count("**Next:**") == count


def test_what_is_not_listed_is_counted_and_nothing_that_counts_is_pushed_out() -> None:
    told = body([many(200)])
    rows = cells(told)[1][1:]
    assert len(rows) <= MAX_ROWS
    assert [row[3] for row in rows if row[5].startswith("✅")] == ["", "729", "736", "737"]
    assert f"{205 - len(rows)} more evidence entries not listed, 0 of which count." in lines(told)
    assert rows[-1][3] == "1199"
    (kept,) = parsed(told)
    assert [row.run for row in kept.evidence if row.counts] == [0, 729, 736, 737]


def test_facts_that_are_not_shown_are_counted() -> None:
    told = body([many(30)] * 2)
    (first, second) = re.findall(r"each fact and its result \((\d+) of \d+\)", told)
    assert first == second
    assert told.count("</summary>\n\n| Fact") == 2 * int(first)
    assert "each fact and its result<" in body([state()])


def test_a_payload_that_would_be_too_long_has_less_of_what_matters_least() -> None:
    made = fitting(many(25))
    assert len(json.dumps(made.content(), indent=2)) <= FITS
    assert all(row.facts for row in made.evidence if row.counts)
    assert not any(row.facts for row in made.evidence if not row.counts)
    assert fitting(state()) == state()
    assert fitting(many(200), 500).evidence == ()


def test_the_short_form_has_no_links_and_no_payload() -> None:
    told = explanation([state("awaiting-operator")])
    assert hrefs(told) == set()
    assert f"to approve, comment on #265 with this phrase on a line of its own: {PHRASE}" in lines(told)[1]
    assert cells(told)[0][1][-1] == "comment 3"
    assert BEGIN not in told


def _written(texts: list[str], name: Any = "threshold-met") -> SoakState:
    one, two, three, four = texts
    row = Row(comment=3, index=0, kind=one, by=two, at=at(14), module=three, run=7, url=four, why=one)
    facts = (Fact(name=one, standing="attested", says=two, by=three),) * 2
    return state(
        name,
        soak=f"x{one}",
        why=two,
        criteria=(Criterion(state="soaking", need=one, have=four, met=True, comments=(1, 2)),),
        evidence=(row, row.model_copy(update={"facts": facts, "by": f"x{four}", "module": f"x{two}"})),
        transitions=(Transition(to="installed", at=at(14), why=three, comment=3),),
        gate=GateState(phrase=four),
        next=Next(who=three, what=f"{four} assay evidence {one}"),
        alarms=(one, four),
        follow_up=tuple(one.model_copy(update={"state": two}) for one in state().follow_up),
    )


PLAIN = _written(["a", "b", "c", "d"])


@pytest.mark.long
@given(st.lists(safe, min_size=4, max_size=4), st.sampled_from(["threshold-met", "awaiting-operator", "blocked"]))
def test_no_text_leaves_its_place(texts: list[str], name: Any) -> None:
    made = _written(texts, name)
    markdown = body([made])
    quiet = body([_written(["a", "b", "c", "d"], name)])
    assert blocks(markdown) == blocks(quiet)
    assert [[len(row) for row in table] for table in cells(markdown)] == [
        [len(row) for row in table] for table in cells(quiet)
    ]
    assert {part.type for line in inlines(markdown) for part in line} <= PARTS
    assert hrefs(markdown) == hrefs(quiet)
    html = [token.content for token in tokens(markdown) if token.type == "html_block"]
    assert len(html) == len([token for token in tokens(quiet) if token.type == "html_block"])
    assert not any("<script" in part or "@" in part for part in html)
    assert TRIGGERS.search(spoken(markdown)) is None
    fences = [token.content for token in tokens(markdown) if token.type == "fence"]
    assert len(fences) == 2
    assert not any("@" in part for part in fences)
    assert parsed(markdown) == [made]


@given(st.lists(safe, min_size=4, max_size=4))
def test_no_text_leaves_its_place_in_the_short_form(texts: list[str]) -> None:
    markdown = explanation([_written(texts)])
    assert blocks(markdown) == blocks(explanation([PLAIN]))
    assert {part.type for line in inlines(markdown) for part in line} <= PARTS - {"link_open", "link_close"}
    assert TRIGGERS.search(spoken(markdown)) is None
