"""What those hear who wrote commands: which reactions, and which words."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.model import Answer
from handlers.commands.registry import COMMANDS, help_with, table
from handlers.commands.replies import AGAIN, AGENT_REPLIES, AGENTS, REPLIES, history
from handlers.facts.description.command_lines import find
from tests.handlers.commands.commanding import answer, evaluate, said, thread
from tests.snapshots import AGENT, NOW, OPERATOR, OUTSIDER, WRITER


async def test_what_is_done_gets_two_reactions_and_no_words() -> None:
    assert await answer(said("/recheck\n/hold")) == Answer(comment_id=100, reactions=("eyes", "+1"))


async def test_what_is_refused_gets_words_and_what_was_taken_beside_it_is_seen() -> None:
    both = await answer(said("/recheck\n\n/hodl"))
    assert both.reactions == ("eyes", "confused")
    assert both.reply == f"- line 3, `/hodl`: unknown command; did you mean /hold?\n\n{AGAIN}"
    assert (await answer(said("/park", OUTSIDER))).reactions == ("confused",)


async def test_an_edited_comment_is_answered_as_a_whole() -> None:
    found = await answer(said("/park", edited=True))
    assert found.reactions == ("confused",)
    assert found.reply.startswith("- this comment: new commands in an edited comment are ignored")


async def test_comments_that_are_gone_or_whose_author_is_get_no_answer() -> None:
    _, after = await evaluate(thread(said("/help"), said("/help", number=101)))
    left = after.inputs.model_copy(update={"comments": (said("/help", ""),)})
    report, _ = await evaluate(after.model_copy(update={"inputs": left}))
    assert report.answers == ()


async def test_help_prints_the_table_and_one_line_of_it() -> None:
    assert (await answer(said("/help"))).reply == table()
    one = (await answer(said("/help priority\n/help priority"))).reply
    assert one == help_with("priority")
    assert "/priority p1" in one
    assert "/park" not in one


def test_the_table_has_every_command_with_its_example_and_every_example_is_one() -> None:
    rows = table().splitlines()[2:]
    assert len(rows) == len(COMMANDS)
    for row, command in zip(rows, COMMANDS.values(), strict=True):
        assert f"`{command.example}`" in row
        assert command.usage.startswith(f"/{command.name}")
        (line,) = find(command.example)
        assert line.word == command.name


async def test_explain_names_the_checks_and_the_machine_goes_on() -> None:
    found = await answer(said("/explain judge\n/explain labels\n/explain judge"))
    assert (found.explains, found.reply, found.reactions) == (("judge", "labels"), "", ("eyes", "+1"))


async def test_agents_get_words_three_times_and_other_strangers_more_often() -> None:
    for author, words in ((AGENT, AGENT_REPLIES), (OUTSIDER, REPLIES), (WRITER, REPLIES), (OPERATOR, REPLIES + 5)):
        comments = [said("/hodl", author, number) for number in range(1, REPLIES + 6)]
        report, after = await evaluate(thread(*comments))
        assert [bool(one.reply) for one in report.answers] == [number < words for number in range(REPLIES + 5)]
        assert {one.reactions for one in report.answers} == {("confused",)}
        later = after.inputs.model_copy(update={"comments": comments[-1:]})
        (last,) = (await evaluate(after.model_copy(update={"inputs": later})))[0].answers
        assert last == report.answers[-1]


async def test_several_agents_share_their_three() -> None:
    policy = thread().policy.model_copy(update={"agents": (AGENT, "iris")})
    comments = [said("/help", (AGENT, "iris")[number % 2], number) for number in range(1, 7)]
    report, _ = await evaluate(thread(*comments, policy=policy))
    assert [bool(one.reply) for one in report.answers] == [True] * 3 + [False] * 3
    assert AGENTS in report.answers[0].reply


async def test_three_edits_get_words_whoever_edits_which_comments_in_which_order() -> None:
    comments = {number: said(f"note {number}", number=number) for number in range(1, 9)}
    observed, heard = thread(*comments.values()), set[int]()
    for turn, number in enumerate([5, 8, 7, 6, 1, 2]):
        comments[number] = said("/help", number=number, edited=True)
        inputs = observed.inputs.model_copy(update={"comments": tuple(comments.values())})
        moved = observed.model_copy(update={"inputs": inputs, "taken_at": NOW + timedelta(minutes=turn)})
        report, observed = await evaluate(moved)
        heard |= {one.comment_id for one in report.answers if one.reply}
        assert {one.reactions for one in report.answers} == {("confused",)}
    assert heard == {5, 8, 7}


async def test_edits_by_others_take_no_words_from_an_author() -> None:
    comments = [said("/help", OUTSIDER, number, edited=True) for number in range(1, 30)]
    report, _ = await evaluate(thread(*comments, said("/hodl", OUTSIDER, 30)))
    assert report.answers[-1].comment_id == 30
    assert report.answers[-1].reply


async def test_the_explanation_is_a_table_of_what_was_commanded() -> None:
    report, _ = await evaluate(thread(said("/label kind/bug size/small\n/hodl | @all")))
    assert report.explanation == history(report.decisions)
    rows = report.explanation.splitlines()
    assert rows[2].endswith("| operator | `/label` kind/bug, size/small | executed |")
    assert "unknown command" in rows[3]
    assert history(()) == "No commands here yet."


MARKDOWN = MarkdownIt("commonmark").enable("table")
ROW_END = re.compile(r"(?<!\\)\|")
MARKUP = [
    "<b>",
    "*a*",
    "_a_",
    "[a](b)",
    "![a](b)",
    "`a`",
    "<!--",
    "@a",
    "#1",
    "|",
    "\\",
    "~~~",
    "</details>",
    '"',
    " ",
    "a",
]
HOSTILE = st.lists(st.sampled_from(MARKUP), min_size=1, max_size=8).map("".join)


@given(st.sampled_from(["label", "accept", "explain", "help", "priority"]), HOSTILE)
async def test_nothing_that_was_typed_breaks_out_of_a_reply(name: str, typed: str) -> None:
    report, _ = await evaluate(thread(said(f"/{name} {typed}"), said("/hold", number=101)))
    (reply, _) = (one.reply for one in report.answers)
    kinds = [token.type for token in MARKDOWN.parse(reply)]
    assert "html_block" not in kinds
    assert "fence" not in kinds
    assert kinds.count("list_item_open") <= 1
    tokens = [*MARKDOWN.parse(reply), *MARKDOWN.parse(report.explanation)]
    inline = {child.type for token in tokens for child in token.children or ()}
    assert inline <= {"text", "text_special", "code_inline", "softbreak"}
    assert "@a" not in reply + report.explanation
    assert re.search(r"^\s*/", f"{reply}\n{report.explanation}", re.MULTILINE) is None
    assert all(len(ROW_END.findall(row)) == 5 for row in report.explanation.splitlines())


async def test_the_history_does_not_name_the_author_for_somebodys_edit() -> None:
    report, _ = await evaluate(thread(said("Fine.\n/hold", edited=True)))
    last = report.explanation.splitlines()[-1]
    assert "| unknown | (edited comment of operator) |" in last
