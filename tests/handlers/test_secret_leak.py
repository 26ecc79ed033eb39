"""The judgment on leaked secrets: what counts, how bad it is, and what to do about each."""

from typing import Any

import pytest

from bot.model import Decision, Kind, Leak, Location, Report, Severity, Target, Verdict
from bot.policy import Accepted, Policy, SecretLeakPolicy
from handlers import CHECKS
from handlers.secret_leak import CHECK, LABEL
from tests.snapshots import AGENT, HEAD, ISSUE, NOW, OPERATOR, PULL, TOOLS, gap, leak, snapshot

ONE, TWO = f"sf_{'1' * 16}", f"sf_{'2' * 16}"
OTHER_COMMIT = "c3" * 20


def ruled(mode: str = "block", *accepted: str) -> Policy:
    entries = tuple(Accepted(fingerprint=name, reason="a token of the tests") for name in accepted)
    return Policy(secret_leak=SecretLeakPolicy.model_validate({"mode": mode, "accept": entries}))


async def judged(*leaks: Leak, policy: Policy | None = None, target: Target = PULL, **change: Any) -> Report:
    return await CHECK.assess(snapshot(target, policy=policy or Policy(), leaks=leaks, **change), TOOLS)


def at(where: str, **more: Any) -> Leak:
    change = {name: more.pop(name) for name in ("dropped", "suppressed", "severity") if name in more}
    return leak(location=Location(where=where, **more), **change)


@pytest.mark.parametrize(
    ("mode", "leaks", "gaps", "verdict", "on"),
    [
        ("block", 0, 0, Verdict.PASS, False),
        ("block", 1, 0, Verdict.BLOCK, True),
        ("block", 0, 1, Verdict.ERROR, False),
        ("block", 1, 1, Verdict.BLOCK, True),
        ("advise", 0, 0, Verdict.PASS, False),
        ("advise", 1, 0, Verdict.ADVISE, True),
        ("advise", 0, 1, Verdict.ERROR, False),
        ("advise", 1, 1, Verdict.ERROR, True),
    ],
    ids=str,
)
async def test_the_verdict(mode: str, leaks: int, gaps: int, verdict: Verdict, on: bool) -> None:
    found = await judged(*[leak()] * leaks, policy=ruled(mode), gaps=(gap(),) * gaps)
    assert (found.verdict, found.labels) == (verdict, {LABEL: on})


async def test_switched_off_it_says_so_and_has_no_opinion() -> None:
    found = await judged(leak(), policy=ruled("off"), gaps=(gap(),))
    assert (found.verdict, found.labels, found.findings) == (Verdict.SKIP, {}, ())
    assert "off in the policy" in found.summary


async def test_accepted_leaks_and_gaps_pass_with_a_note_and_others_do_not() -> None:
    unseen = gap()
    policy = ruled("block", ONE, unseen.fingerprint)
    accepted = await judged(leak(ONE), policy=policy, gaps=(unseen,))
    assert (accepted.verdict, accepted.findings) == (Verdict.PASS, ())
    assert accepted.notes == tuple(
        f"{name} is accepted by the policy: a token of the tests" for name in sorted((ONE, unseen.fingerprint))
    )
    other = await judged(leak(ONE), leak(TWO), policy=policy)
    assert (other.verdict, [one.fingerprint for one in other.findings]) == (Verdict.BLOCK, [TWO])
    assert (await judged(policy=policy)).notes == ()


def accepting(fingerprint: str, by: str = OPERATOR, *, command: str = "accept", refused: str = "") -> Decision:
    return Decision(
        comment_id=9, line=1, command=command, argument=fingerprint, why="made up", by=by, at=NOW, refused=refused
    )


async def test_what_an_operator_accepted_in_a_comment_passes_with_a_note_who_and_why() -> None:
    unseen = gap()
    decisions = (accepting(ONE), accepting(unseen.fingerprint))
    found = await judged(leak(ONE), at("diff", dropped=True), gaps=(unseen,), decisions=decisions)
    assert (found.verdict, found.findings, found.labels) == (Verdict.PASS, (), {LABEL: False})
    assert found.notes == tuple(
        f"{name} is accepted by {OPERATOR}: made up" for name in sorted((ONE, unseen.fingerprint))
    )


async def test_the_policys_word_on_a_finding_is_told_before_a_comments() -> None:
    found = await judged(leak(ONE), policy=ruled("block", ONE), decisions=(accepting(ONE),))
    assert found.notes == (f"{ONE} is accepted by the policy: a token of the tests",)


@pytest.mark.parametrize(
    "decision",
    [
        accepting(TWO),
        accepting(ONE, refused="only an operator may do that"),
        accepting(ONE, command="label"),
        accepting(ONE, AGENT),
        accepting(ONE, AGENT.upper()),
    ],
    ids=["another finding", "refused", "another command", "by the author", "by the author in capitals"],
)
async def test_what_nobody_accepted_still_blocks(decision: Decision) -> None:
    found = await judged(leak(ONE), decisions=(decision,), author=AGENT)
    assert (found.verdict, len(found.findings)) == (Verdict.BLOCK, 1)
    assert not any("accepted by" in note for note in found.notes)


async def test_a_secret_repeated_in_lines_and_commits_is_one_finding() -> None:
    leaks = [at("diff", path="a", line=n, commit=sha) for n in (3, 9) for sha in (HEAD, OTHER_COMMIT)]
    (found,) = (await judged(*leaks)).findings
    assert found.location == Location(where="diff", path="a", line=3, commit=HEAD)
    assert found.evidence == f"found 4 times; in {HEAD[:10]}, {OTHER_COMMIT[:10]}"


async def test_many_commits_are_counted_not_listed() -> None:
    leaks = [at("diff", path="a", line=1, commit=f"{n:x}" * 40) for n in range(12)]
    (found,) = (await judged(*leaks)).findings
    assert found.evidence.endswith(" and 7 more")


async def test_one_secret_in_several_kinds_of_places_is_a_finding_each_with_its_own_way_out() -> None:
    places = [
        at("diff", path="a", line=1, commit=HEAD),
        at("diff", path="a", line=1, commit=OTHER_COMMIT, dropped=True),
        at("message", commit=HEAD),
        at("title"),
        at("body"),
        at("comment", comment_id=5),
    ]
    found = (await judged(*places)).findings
    ways = {one.title.removeprefix("A secret in "): one.next_step for one in found}
    assert list(ways) == [
        "an added line",
        "a commit that a force-push dropped",
        "a commit message",
        "the title",
        "the description",
        "a comment",
    ]
    assert all(
        way.startswith("Revoke this secret first, even if nobody seems to have seen it. Then ") for way in ways.values()
    )
    assert "rewrite the commit" in ways["an added line"]
    assert "garbage-collect the dropped commit" in ways["a commit that a force-push dropped"]
    assert "rewrite the commit message" in ways["a commit message"]


async def test_a_dropped_commits_message_is_told_as_dropped() -> None:
    (found,) = (await judged(at("message", commit=HEAD, dropped=True))).findings
    assert (found.title, "garbage-collect the dropped commit" in found.next_step) == (
        "A secret in a commit that a force-push dropped",
        True,
    )


async def test_the_worst_stands_first() -> None:
    leaks = [leak(TWO, severity=Severity.LOW), leak(ONE, severity=Severity.MEDIUM), leak(severity=Severity.CRITICAL)]
    found = (await judged(*leaks, leak(f"sf_{'3' * 16}"))).findings
    assert [one.severity.rank for one in found] == sorted((one.severity.rank for one in found), reverse=True)


async def test_an_allow_comment_is_told_and_not_believed() -> None:
    found = await judged(leak(suppressed=True))
    assert (found.verdict, found.findings[0].evidence) == (
        Verdict.BLOCK,
        "an allow comment next to it was ignored",
    )


async def test_what_was_not_looked_at_can_be_accepted_by_its_fingerprint() -> None:
    unseen = gap()
    (found,) = (await judged(gaps=(unseen,))).findings
    assert (found.rule, found.evidence, found.fingerprint) == ("not-looked-at", unseen.why, unseen.fingerprint)
    assert found.title == "Not checked: file big.bin"


@pytest.mark.parametrize(
    ("target", "leaks", "gaps", "summary"),
    [
        (PULL, [], (), "no secret in 1 commit, title, description, comments or names"),
        (ISSUE, [], (), "no secret in title, description, comments or names"),
        (PULL, [leak()], (), "1 leaked secret; revoke first, then clean the history"),
        (
            PULL,
            [leak(ONE), leak(TWO)],
            (gap(),),
            "2 leaked secrets; revoke first, then clean the history; 1 part not checked",
        ),
        (PULL, [], (gap(), gap("the rest")), "not fully checked: file big.bin"),
    ],
)
async def test_the_summary(target: Target, leaks: list[Leak], gaps: tuple[Any, ...], summary: str) -> None:
    assert (await judged(*leaks, target=target, gaps=gaps)).summary == summary


async def test_how_to_accept_is_said_only_where_something_was_found() -> None:
    assert (await judged()).section == ""
    how = (await judged(*(leak(f"sf_{number:016x}") for number in range(7)))).section
    assert "`secret-leak.accept`" in how
    lines = how.partition("```\n")[2].removesuffix("\n```").splitlines()
    assert lines == [f"/accept sf_{number:016x} REASON" for number in range(5)]


def test_the_check_runs_on_everything_and_is_among_the_checks() -> None:
    assert (CHECK.on, CHECK.states) == (frozenset(Kind), frozenset({"open", "draft", "closed"}))
    assert CHECK in CHECKS
