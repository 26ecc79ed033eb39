"""Who may command what, which comments command at all, that nothing runs twice, and what a hold does."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Memory, Snapshot, Verdict
from bot.policy import CommandsPolicy, Policy, SoakPolicy
from handlers.commands.check import CHECK, EDITED_REFUSAL, MAX_LINES, TOO_MANY
from handlers.commands.decide import AGENT, OPERATORS, UNSURE, WRITERS
from handlers.commands.registry import COMMANDS
from tests.handlers.commands.commanding import FRIEND, JUDGED_P2, LEAK, decided, evaluate, refused_with, said, thread
from tests.snapshots import AGENT as CODEX
from tests.snapshots import ISSUE, NOW, OPERATOR, OUTSIDER, POLICY, TOOLS, WRITER, leak, snapshot

DIGEST = 64 * "0"
EVERY = {
    "help": "/help",
    "explain": "/explain judge",
    "recheck": "/recheck",
    "rejudge": "/rejudge it is over",
    "label": "/label kind/bug",
    "unlabel": "/unlabel kind/bug",
    "hold": "/hold till noon",
    "priority": "/priority p1",
    "unhold": "/unhold",
    "park": "/park",
    "accept": f"/accept {LEAK} a made-up one",
    "trust": f"/trust {DIGEST}",
    "soak": "/soak",
    "gate": "/gate",
    "soak-restart": "/soak-restart tokens the runner is new",
}
FOR_ALL = {"help", "explain", "soak", "gate"}
FOR_WRITERS = FOR_ALL | {"recheck", "rejudge", "label", "unlabel", "hold", "priority"}
NEED_WITNESS = {"hold", "unhold", "priority", "park", "accept", "trust", "rejudge", "soak-restart"}
MEMORY = JUDGED_P2.model_copy(update={"policies": (DIGEST,)})
TRACKING = POLICY.model_copy(update={"soaks": (SoakPolicy(name="tokens", issue=ISSUE.number),)})


async def allowed(author: str, **change: bool) -> set[str]:
    """The commands that an account may give, each alone in a thread."""
    taken = set()
    for name, line in EVERY.items():
        about = {"target": ISSUE, "policy": TRACKING} if name == "soak-restart" else {}
        (one,) = await decided(said(line, author, **change), leaks=(leak(LEAK),), memory=MEMORY, **about)
        taken |= {name} if not one.refused else set()
    return taken


def test_every_command_is_tried_here() -> None:
    assert set(EVERY) == set(COMMANDS)


@pytest.mark.parametrize(
    ("author", "may"),
    [
        (OPERATOR, set(EVERY)),
        (OPERATOR.upper(), set(EVERY)),
        (WRITER, FOR_WRITERS),
        (FRIEND, FOR_WRITERS),
        (FRIEND.upper(), FOR_WRITERS),
        (OUTSIDER, FOR_ALL),
        (CODEX, set()),
        (CODEX.upper(), set()),
    ],
)
async def test_each_command_is_taken_from_those_who_may_give_it(author: str, may: set[str]) -> None:
    assert await allowed(author) == may


@pytest.mark.parametrize("permission", ["none", "read", "write", "admin", "owner"])
async def test_permissions_of_forgejo_make_writers_and_no_operators(permission: str) -> None:
    memory = Memory(permissions={OUTSIDER: permission})
    hold, park = await decided(said("/hold\n/park", OUTSIDER), memory=memory)
    assert hold.refused == ("" if permission in {"write", "admin", "owner"} else WRITERS)
    assert park.refused == OPERATORS


async def test_an_agent_commands_nothing_whatever_else_it_is() -> None:
    policy = Policy(operators=(CODEX,), writers=(CODEX,), agents=(CODEX,))
    assert refused_with(await decided(said("/hold\n/help", CODEX), policy=policy)) == [AGENT, AGENT]


async def test_without_operators_in_the_settings_nobody_is_one() -> None:
    (made,) = await decided(said("/park"), policy=Policy())
    assert made.refused == OPERATORS


async def test_a_comment_that_the_bot_did_not_see_come_gives_only_harmless_commands() -> None:
    assert set(EVERY) - await allowed(OPERATOR, witnessed=False) == NEED_WITNESS
    judge, size = await decided(said("/label judge/p0\n/label size/small", witnessed=False))
    assert (judge.refused, size.refused) == (UNSURE, "")


async def test_an_edited_comment_gives_none_and_is_refused_once_as_a_whole() -> None:
    assert await allowed(OPERATOR, edited=True) == set()
    (made,) = await decided(said("/help\n/hold", edited=True))
    assert (made.line, made.command, made.refused) == (0, "edited", EDITED_REFUSAL)


async def test_an_edited_comment_without_a_command_of_ours_is_passed_over() -> None:
    assert await decided(said("never mind\n/tmp is full", edited=True)) == ()


async def test_what_ran_before_an_edit_stays_and_what_is_written_in_is_refused_once() -> None:
    _, after = await evaluate(thread(said("/label size/small")))
    moved = after.inputs.model_copy(update={"comments": (said("Words.\n\n/label size/small", edited=True),)})
    report, unchanged = await evaluate(after.model_copy(update={"inputs": moved}))
    assert report.decisions == ()
    other = moved.model_copy(update={"comments": (said("/label size/large", edited=True),)})
    report, last = await evaluate(unchanged.model_copy(update={"inputs": other}))
    assert refused_with(report.decisions) == [EDITED_REFUSAL]
    assert [one.argument for one in last.inputs.decisions if not one.refused] == ["size/small"]
    third = last.inputs.model_copy(update={"comments": (said("/hold\n/park", edited=True),)})
    assert (await evaluate(last.model_copy(update={"inputs": third})))[0].decisions == ()


async def test_a_line_is_never_decided_again_whatever_changes() -> None:
    comment = said("/hold\n/label made-up\n/park", WRITER)
    first, after = await evaluate(thread(comment))
    assert refused_with(first.decisions) == ["", 'label not found: "made-up"', OPERATORS]
    for change in (
        {"policy": Policy(operators=(WRITER,))},
        {"policy": Policy(agents=(WRITER,))},
        {"memory": Memory()},
        {"taken_at": NOW + timedelta(days=400)},
        {"inputs": after.inputs.model_copy(update={"labels": ("made-up",), "comments": (said("/unhold\n\n/help"),)})},
        {"inputs": after.inputs.model_copy(update={"comments": ()})},
    ):
        report, later = await evaluate(after.model_copy(update=change))
        assert report.decisions == ()
        assert later.inputs.decisions == after.inputs.decisions


async def test_comments_from_before_the_bot_came_are_history_where_nobody_told_of_them() -> None:
    before = NOW - timedelta(days=1)
    old = said("/help", created_at=before, witnessed=False)
    told = said("/help", number=101, created_at=before)
    new = said("/help", number=102, created_at=NOW, witnessed=False)
    report, _ = await evaluate(thread(old, told, new, served_since=NOW))
    assert [one.comment_id for one in report.decisions] == [101, 102]
    assert [one.comment_id for one in report.answers] == [101, 102]


async def test_comments_of_accounts_that_are_gone_are_passed_over() -> None:
    assert await decided(said("/help", "")) == ()


async def test_commands_are_off_where_the_policy_says_so_and_a_hold_stays() -> None:
    off = POLICY.model_copy(update={"commands": CommandsPolicy(mode="off")})
    assert await decided(said("/hold"), policy=off) == ()
    _, held = await evaluate(thread(said("/hold")))
    report, _ = await evaluate(held.model_copy(update={"policy": off}))
    assert report.verdict is Verdict.PENDING
    assert "disabled in the policy (commands.mode)" in report.findings[0].next_step


async def test_commands_of_other_bots_are_passed_over_in_silence() -> None:
    theirs = POLICY.model_copy(update={"commands": CommandsPolicy(others=("lgtm", "hold"))})
    report, _ = await evaluate(thread(said("/lgtm\n/hold"), said("/help", number=101), policy=theirs))
    assert [(one.comment_id, one.command) for one in report.decisions] == [(101, "help")]
    assert len(report.answers) == 1


async def test_ten_commands_of_a_comment_are_taken_and_the_rest_is_one_refusal() -> None:
    made = await decided(said("/help\n" * 2000))
    assert refused_with(made) == [""] * MAX_LINES + [TOO_MANY]
    assert [one.line for one in made] == list(range(1, MAX_LINES + 2))


async def test_everybody_else_goes_on_while_a_hostile_comment_is_read() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.create_task(others())
    try:
        hostile = (said("```\n/a\n```\n" + "![" * 8000 + str(number), OUTSIDER, number) for number in range(3))
        assert await decided(*hostile) == ()
    finally:
        going.cancel()
    assert turns > 20  # without a thread there are none between the comments' beginning and end


async def test_the_reason_for_a_hold_begins_no_line_with_a_command_of_another_bot() -> None:
    report, _ = await evaluate(thread(said("/hold /lgtm and /approve")))
    assert report.findings[0].evidence == "Why: /lgtm and /approve"


async def test_without_a_hold_there_is_nothing_to_show_and_no_status() -> None:
    report, _ = await evaluate(thread(said("/help"), said("/hold", OUTSIDER, 101)))
    assert (report.verdict, report.shown, report.status) == (Verdict.PASS, False, False)


async def test_a_hold_makes_the_status_wait_until_an_operator_ends_it() -> None:
    report, held = await evaluate(thread(said("/hold until *noon*", WRITER), said("/unhold", WRITER, 101)))
    assert (report.verdict, report.shown, report.status) == (Verdict.PENDING, True, True)
    assert report.summary == f"on hold by {WRITER} since 2026-03-01: until *noon*"
    (finding,) = report.findings
    assert (finding.location.comment_id, finding.evidence) == (100, "Why: until *noon*")
    assert finding.next_step == "Ask an operator to comment /unhold."
    ended = held.inputs.model_copy(update={"comments": (*held.inputs.comments, said("/unhold", number=102))})
    report, free = await evaluate(held.model_copy(update={"inputs": ended}))
    assert (report.verdict, report.shown, report.status) == (Verdict.PASS, False, True)
    again = free.inputs.model_copy(update={"comments": (*free.inputs.comments, said("/hold", number=103))})
    assert (await evaluate(free.model_copy(update={"inputs": again})))[0].verdict is Verdict.PENDING


async def test_a_hold_outlives_its_comment() -> None:
    _, held = await evaluate(thread(said("/hold")))
    gone = held.inputs.model_copy(update={"comments": ()})
    assert (await evaluate(held.model_copy(update={"inputs": gone})))[0].verdict is Verdict.PENDING


async def test_issues_take_commands_too() -> None:
    report = await CHECK.assess(snapshot(ISSUE, comments=(said("/hold"),)), TOOLS)
    assert report.verdict is Verdict.PENDING


LINES = st.sampled_from(
    [*EVERY.values(), "/hodl", '/label "a', "/priority p0", "/label judge/p0", "```", "> /hold", "", "a"]
)
BODIES = st.one_of(st.text(max_size=60), st.lists(LINES, max_size=15).map("\n".join))
PEOPLE = st.sampled_from([OPERATOR, WRITER, FRIEND, OUTSIDER, CODEX, ""])
THREADS = st.lists(st.tuples(BODIES, PEOPLE, st.booleans(), st.booleans()), max_size=8)


def shaped(comments: list[tuple[str, str, bool, bool]]) -> Snapshot:
    spoken = [
        said(body, author, 100 + index, edited=edited, witnessed=witnessed)
        for index, (body, author, edited, witnessed) in enumerate(comments)
    ]
    return thread(*spoken, leaks=(leak(LEAK),), memory=JUDGED_P2)


@given(THREADS)
async def test_a_second_look_decides_nothing_and_wants_the_same_answers(
    comments: list[tuple[str, str, bool, bool]],
) -> None:
    observed = shaped(comments)
    first, after = await evaluate(observed)
    assert first == (await evaluate(observed))[0]
    second, _ = await evaluate(after)
    assert second.decisions == ()
    assert (second.answers, second.verdict) == (first.answers, first.verdict)
    places = [(one.comment_id, one.line) for one in first.decisions]
    assert len(places) == len(set(places))
    assert {one.comment_id for one in first.answers} == {one.comment_id for one in first.decisions}


@given(THREADS)
async def test_nothing_is_taken_from_agents_from_edited_comments_or_beyond_ones_standing(
    comments: list[tuple[str, str, bool, bool]],
) -> None:
    observed = shaped(comments)
    for one in (await evaluate(observed))[0].decisions:
        comment = next(comment for comment in observed.inputs.comments if comment.id == one.comment_id)
        if not one.refused:
            assert not comment.edited
            assert comment.witnessed or one.command not in NEED_WITNESS
            assert one.by not in {CODEX, ""}
            assert one.by == OPERATOR or one.command in (FOR_ALL if one.by == OUTSIDER else FOR_WRITERS)


@pytest.mark.parametrize(("age", "waits"), [(5, True), (29, True), (30, False), (300, False)])
async def test_a_comment_whose_delivery_may_still_come_waits_for_it(age: int, waits: bool) -> None:
    young = said("/help\n/hold", witnessed=False, created_at=NOW - timedelta(seconds=age))
    report, _ = await evaluate(thread(young))
    assert (report.again > 0, report.decisions == ()) == (waits, waits)
    if not waits:
        assert [bool(one.refused) for one in report.decisions] == [False, True]


async def test_a_young_comment_that_needs_no_witness_is_decided_at_once() -> None:
    report, _ = await evaluate(thread(said("/help", witnessed=False, created_at=NOW)))
    assert (report.again, [one.refused for one in report.decisions]) == (0.0, [""])


async def test_what_is_said_of_an_edit_is_not_lost_behind_what_was_said_before() -> None:
    report, after = await evaluate(thread(said("/frobnicate")))
    edited = thread(said("/frobnicate\n/park", edited=True), decisions=after.inputs.decisions)
    again, _ = await evaluate(edited)
    assert sorted((one.topic, bool(one.reply)) for one in again.answers) == [("", True), ("edited", True)]
    assert [one.topic for one in report.answers] == [""]
