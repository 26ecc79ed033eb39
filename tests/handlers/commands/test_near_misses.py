"""Lines that were probably meant as a command are answered with how to write it; what is shown or quoted is not."""

import pytest

from bot.model import Verdict
from bot.plan.replies import answers as replies
from bot.policy import CommandsPolicy
from handlers.commands.check import IN_REVIEW
from handlers.commands.near_misses import BELOW, WRITE_SO
from handlers.commands.registry import COMMANDS
from tests.handlers.commands.commanding import answer, decided, evaluate, refused_with, said, thread
from tests.snapshots import OPERATOR, OUTSIDER, POLICY, WRITER

HOLD = WRITE_SO.format(usage="/hold [REASON]")


@pytest.mark.parametrize(
    "line",
    [
        "/HOLD", "/Hold", "/HOLD until the backup is proven", "/hold.", "/hold:", "/hold: until noon", "/hold!",
        "/hold,",
        "\ufeff/hold", "\u00a0/hold", "\u200b/hold", "\u2007/hold", "/ hold", "\uff0fhold", "**/hold**", "__/hold__",
        "*/HOLD.*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "All of it was read.\n\n{}\n\nThanks.", "Words.\n{}"])
async def test_a_near_miss_is_refused_with_how_to_write_it(line: str, around: str) -> None:
    made = await decided(said(around.format(line)))
    assert [(one.command, one.refused) for one in made] == [("hold", HOLD)]


@pytest.mark.parametrize("command", sorted(COMMANDS))
async def test_every_command_has_its_near_miss(command: str) -> None:
    (made,) = await decided(said(f"/{command.upper()}"))
    assert made.refused == WRITE_SO.format(usage=COMMANDS[command].usage)


@pytest.mark.parametrize("above", ["- the first\n- the second", "1. one", "> somebody's words"])
async def test_a_command_directly_below_a_list_or_quote_is_told_so(above: str) -> None:
    assert refused_with(await decided(said(f"{above}\n/hold"))) == [BELOW]
    assert refused_with(await decided(said(f"{above}\n\n/hold"))) == [""]


@pytest.mark.parametrize(
    "body",
    [
        "```\n/HOLD\n```", "`/HOLD`", "    /HOLD", "> /HOLD", "- /HOLD", "~~/HOLD~~", "<!-- /HOLD -->",
        "<details>\n\n/HOLD\n\n</details>", "Use /HOLD to stop it.", "/usr/bin/hold", "/HOLDER", "# /HOLD",
        "hold", "/etc/hold.conf", "https://x.example/hold",
    ],
)  # fmt: skip
async def test_what_is_shown_or_about_something_else_is_not_answered(body: str) -> None:
    assert await decided(said(body)) == ()


async def test_a_comment_gets_one_answer_and_only_once() -> None:
    comment = said("/HOLD\n/hold.\n/priority: p1\n/help")
    found = await answer(comment)
    assert found.reply.count("not read as a command") == 3
    report, after = await evaluate(thread(comment))
    assert len(report.answers) == 1
    again, _ = await evaluate(after)
    assert (again.decisions, again.answers) == ((), report.answers)


async def test_a_near_miss_holds_nothing() -> None:
    report, _ = await evaluate(thread(said("/HOLD")))
    assert report.verdict is Verdict.PASS


async def test_commands_of_other_bots_have_no_near_misses() -> None:
    others = POLICY.model_copy(update={"commands": CommandsPolicy(others=("hold",))})
    assert await decided(said("/HOLD"), policy=others) == ()


@pytest.mark.parametrize("author", [OPERATOR, WRITER, OUTSIDER])
@pytest.mark.parametrize(
    "line", ["/hold cancel", "/hold Cancel.", "/hold cancel, all is well", "/hold off", "/hold none", "/hold lifted"]
)
async def test_a_hold_that_asks_for_its_end_holds_nothing_and_is_answered(author: str, line: str) -> None:
    report, _ = await evaluate(thread(said(line, author)))
    (made,) = report.decisions
    assert "to end a hold, an operator comments /unhold" in made.refused
    assert report.verdict is Verdict.PASS


@pytest.mark.parametrize(
    "line", ["/hold off until Monday", "/hold until the cancellation is through", "/hold", "/hold no backup"]
)
async def test_other_reasons_hold(line: str) -> None:
    report, _ = await evaluate(thread(said(line)))
    assert report.verdict is Verdict.PENDING


async def test_a_parking_is_not_ended_by_parking() -> None:
    (made,) = await decided(said("/park cancel"))
    assert "to end the parking, an operator comments /rejudge" in made.refused


@pytest.mark.parametrize("body", ["/hold", "Looks wrong.\n\n/hold until noon\n/unhold", "/HOLD", "/accept sf_1 x"])
async def test_a_command_in_a_review_is_answered_once_and_runs_nothing(body: str) -> None:
    observed = thread(remarks=(said(body, number=116, witnessed=False),))
    report, after = await evaluate(observed)
    (found,) = report.answers
    assert (found.comment_id, found.reactions) == (116, ())
    assert found.reply.count(IN_REVIEW) == 1
    assert report.verdict is Verdict.PASS
    again, _ = await evaluate(after)
    assert (again.decisions, again.answers) == ((), report.answers)
    (written,) = replies(observed, (report,)).comments
    assert (written.purpose, written.once) == ("answer-116", True)


@pytest.mark.parametrize("body", ["Fine.", "`/hold`", "/usr/bin/env", "> /hold"])
async def test_a_review_without_commands_is_not_answered(body: str) -> None:
    report, _ = await evaluate(thread(remarks=(said(body, number=116),)))
    assert (report.decisions, report.answers) == ((), ())
