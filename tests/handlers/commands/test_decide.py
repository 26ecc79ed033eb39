"""How one command line is read and decided: arguments, slips, labels, priorities, accepted findings."""

from datetime import timedelta

import pytest

from bot.model import Decision, Judgment, Memory, Snapshot
from bot.policy import JudgePolicy
from handlers.commands.decide import DECIDES, NO_RISE, OWN, UNKNOWN
from handlers.commands.registry import names_in
from tests.handlers.commands.commanding import FRIEND, JUDGED_P2, LEAK, decided, evaluate, refused_with, said, thread
from tests.judgments import judged_by, payload
from tests.snapshots import NOW, OPERATOR, OUTSIDER, POLICY, WRITER, gap, leak


async def test_unknown_commands_are_refused_with_the_nearest() -> None:
    made = await decided(said("/hodl\n/xyzzy-plugh\n/labels a"))
    assert refused_with(made) == [f"{UNKNOWN}; did you mean /hold?", UNKNOWN, f"{UNKNOWN}; did you mean /label?"]


async def test_a_decision_keeps_who_when_and_what_was_said() -> None:
    comment = said("Words.\n/priority P1  since   prod\tis down", number=77)
    (made,) = await decided(comment)
    assert made == Decision(
        comment_id=77,
        line=2,
        command="priority",
        argument="p1",
        why="since   prod\tis down",
        by=OPERATOR,
        at=comment.created_at,
        role="operator",
        decided=NOW,
    )


@pytest.mark.parametrize(
    ("line", "argument", "why"),
    [
        ("/label kind/bug, `size/small` kind/bug", "kind/bug\nsize/small", ""),
        ('/label "kind/bug" size/small', "kind/bug\nsize/small", ""),
        ("/rejudge the incident is over", "", "the incident is over"),
        (f"/accept `{LEAK}` a made-up one", LEAK, "a made-up one"),
        ("/help /priority", "priority", ""),
        ("/recheck secret-leak", "secret-leak", ""),
        ("/explain Secret-Leak", "secret-leak", ""),
        ("/unhold it is proven", "", "it is proven"),
    ],
)
async def test_arguments_are_read(line: str, argument: str, why: str) -> None:
    (made,) = await decided(said(line), leaks=(leak(LEAK),))
    assert (made.argument, made.why, made.refused) == (argument, why, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/priority", "invalid priority; expected p0, p1, p2 or p3 (usage: /priority p0|p1|p2|p3 [REASON])"),
        ("/priority p4", "invalid priority; expected p0, p1, p2 or p3 (usage: /priority p0|p1|p2|p3 [REASON])"),
        ("/explain", "missing check name (usage: /explain CHECK)"),
        ("/explain @all", "invalid check name (usage: /explain CHECK)"),
        (
            "/help priorities",
            "unknown command; did you mean /priority? (usage: /help [COMMAND])",
        ),
        ("/label", "missing label name (usage: /label NAME...)"),
        (f"/label {' '.join('abcdefghijk')}", "too many labels; at most 10 per line (usage: /label NAME...)"),
        (f"/label {'a' * 5000}", "too many labels; at most 10 per line (usage: /label NAME...)"),
        ("/label kind/bugs", 'label not found: "kind/bugs"; did you mean "kind/bug"?'),
        ("/unlabel size/small 'odd one'", 'label not found: "odd one"; did you mean "flow/done"?'),
        ("/trust", "missing or incomplete digest; copy it from the report (usage: /trust DIGEST)"),
        (f"/trust {63 * '0'}", "missing or incomplete digest; copy it from the report (usage: /trust DIGEST)"),
        (f"/trust {64 * '0'}", "no policy file waits for an operator here; there is nothing to trust"),
        ("/accept", "missing fingerprint; copy it from the report (usage: /accept FINGERPRINT REASON)"),
        (f"/accept {LEAK} no", "missing reason: say why it is harmless (usage: /accept FINGERPRINT REASON)"),
    ],
)
async def test_a_mistake_is_refused_with_its_fix(line: str, reason: str) -> None:
    (made,) = await decided(said(line), leaks=(leak(LEAK),))
    assert made.refused == reason


async def test_labels_on_the_target_can_be_named_though_nobody_declared_them() -> None:
    (made,) = await decided(said('/unlabel "our own one" kind/bug'), labels=("our own one",))
    assert (names_in(made.argument), made.refused) == (("our own one", "kind/bug"), "")


@pytest.mark.parametrize("name", ["judge/p0", "merge/auto", "judge/anything", "Judge/P0", "\uff4audge/p0"])
async def test_labels_by_which_somebody_decides_are_for_operators(name: str) -> None:
    for author in (WRITER, FRIEND):
        made = await decided(said(f"/label {name}\n/unlabel size/small {name}", author), labels=(name,))
        assert refused_with(made) == [DECIDES, DECIDES]
    assert refused_with(await decided(said(f"/label {name}"), labels=(name,))) == [""]


@pytest.mark.parametrize(
    ("known", "wanted", "refused"),
    [("p2", "p1", ""), ("p2", "p2", NO_RISE), ("p2", "p3", NO_RISE), ("", "p0", NO_RISE), ("urgent", "p0", NO_RISE)],
)
async def test_a_writer_raises_a_priority_and_an_operator_sets_any(known: str, wanted: str, refused: str) -> None:
    judged = (Judgment(check="judge", at=NOW, basis="", content={"priority": known}),) if known else ()
    other = Judgment(check="other", at=NOW, basis="", content={"priority": "p3"})
    memory = Memory(judgments=(*judged, other))
    for author, reason in ((WRITER, refused), (OPERATOR, "")):
        (made,) = await decided(said(f"/priority {wanted}", author), memory=memory)
        assert made.refused == reason


async def test_the_priority_that_was_commanded_last_is_the_one_to_rise_from() -> None:
    lines = (said("/priority p3"), said("/priority p2\n/priority p3\n/priority p1\n/priority p2", WRITER, 101))
    assert refused_with(await decided(*lines, memory=JUDGED_P2)) == ["", "", NO_RISE, "", NO_RISE]


def listing(judge: str) -> Snapshot:
    """A thread on which an account judges that the policy names."""
    section = JudgePolicy(judges=(judge,))
    return thread(policy=POLICY.model_copy(update={"judge": section}))


@pytest.mark.parametrize(("wanted", "refused"), [("p0", ""), ("p1", NO_RISE), ("p2", NO_RISE)])
async def test_a_writer_lowers_no_priority_of_another_judge(wanted: str, refused: str) -> None:
    listed = listing("iskra-judge")
    theirs = judged_by("iskra-judge", listed, 90, priority="p1")
    for memory in (JUDGED_P2, Memory()):
        (made,) = await decided(theirs, said(f"/priority {wanted}", WRITER), policy=listed.policy, memory=memory)
        assert made.refused == refused


@pytest.mark.parametrize(("wanted", "refused"), [("p0", ""), ("p1", NO_RISE), ("p2", NO_RISE)])
async def test_a_writer_lowers_no_priority_of_a_label_that_somebody_set(wanted: str, refused: str) -> None:
    judged_p3 = Judgment(check="judge", at=NOW, basis="", content={"priority": "p3"})
    memory = Memory(judgments=(judged_p3,))
    line = said(f"/priority {wanted}", WRITER, 101)
    (by_hand,) = await decided(line, labels=("judge/p1", "judge/p3"), memory=memory)
    told, commanded = await decided(said("/label judge/p1"), line, memory=memory)
    assert (told.refused, by_hand.refused, commanded.refused) == ("", refused, refused)


async def test_a_label_from_before_the_last_judgment_holds_no_priority_up() -> None:
    listed = thread(said("/label judge/p0"))
    _, after = await evaluate(listed)
    later = NOW + timedelta(hours=1)
    content = payload(listed, priority="p3", judged_at=later).content()
    memory = Memory(judgments=(Judgment(check="judge", at=later, basis="", content=content),))
    inputs = after.inputs.model_copy(update={"comments": (said("/priority p2", WRITER, 101),)})
    (made,) = (await evaluate(after.model_copy(update={"inputs": inputs, "memory": memory})))[0].decisions
    assert made.refused == ""


async def test_where_nothing_was_judged_a_label_tells_no_writer_what_would_be_higher() -> None:
    (made,) = await decided(said("/priority p0", WRITER), labels=("judge/p3",), memory=Memory())
    assert made.refused == NO_RISE


async def test_a_decision_keeps_what_its_author_was_at_that_time() -> None:
    lines = (said("/help"), said("/help", WRITER, 101), said("/help", FRIEND, 102), said("/help", OUTSIDER, 103))
    assert [one.role for one in await decided(*lines)] == ["operator", "writer", "writer", "anyone"]


async def test_only_what_was_found_here_is_accepted() -> None:
    unseen = gap()
    leaks = tuple(leak(f"sf_{n:016x}") for n in range(6))
    one, other, none = await decided(
        said(
            f"/accept {leaks[0].fingerprint} made up\n/accept {unseen.fingerprint} seen by me\n/accept {LEAK} made up"
        ),
        leaks=leaks,
        gaps=(unseen,),
    )
    assert (one.refused, other.refused) == ("", "")
    assert none.refused.endswith(" and 2 more")
    assert none.refused.count("sf_") + none.refused.count("gp_") == 5
    (nothing,) = await decided(said(f"/accept {LEAK} made up"))
    assert nothing.refused.endswith("there is nothing to accept")


async def test_nobody_accepts_a_finding_on_what_he_opened() -> None:
    (made,) = await decided(said(f"/accept {LEAK} made up"), leaks=(leak(LEAK),), author=OPERATOR.title())
    assert made.refused == OWN


@pytest.mark.parametrize(
    "line", ['/label "good first issue"', "/label 'good first issue'", "/label \u201cgood first issue\u201d meta"]
)
async def test_a_label_that_only_the_server_defines_can_be_set(line: str) -> None:
    memory = Memory(permissions={FRIEND: "write"}, defined=("good first issue", "meta"))
    (made,) = await decided(said(line, FRIEND), memory=memory)
    assert (names_in(made.argument)[0], made.refused) == ("good first issue", "")
