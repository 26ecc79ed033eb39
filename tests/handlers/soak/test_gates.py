"""Gates: whose words open them, what those hear who nearly did, and what a closed one keeps."""

from datetime import timedelta
from typing import Any

import pytest

from bot.model import Answer, CommentText, PhraseSeen, ProtectedLine, Report, Snapshot, SoakSeen, Verdict, digest
from bot.plan.assessment import folded
from bot.policy import ContractPolicy, GatePolicy, Policy, SoakPolicy
from handlers.contract.check import report as contract_report
from handlers.soak.gates import CHECK
from handlers.soak.phrase_readings import Spoken, nearly
from tests.handlers.guards.guarding import files
from tests.handlers.soak.soaking import PHRASE as SOAK_PHRASE
from tests.handlers.soak.soaking import Thread, later, proven
from tests.snapshots import AGENT, ISSUE, NOW, NOW_SEEN, OPERATOR, OUTSIDER, PULL, TOOLS, snapshot

PHRASE = "m04-runtime-cutover-approved"
GATE: dict[str, Any] = {
    "phrase": PHRASE,
    "targets": (ISSUE.number, PULL.number),
    "about": "the cutover",
    "protects": {"paths": ["vault/**"], "names": ["VAULT_ADDR"]},
}
POLICY = Policy(operators=(OPERATOR,), agents=(AGENT,), gates=(GatePolicy.model_validate(GATE),))


def said(body: str, author: str = OPERATOR, number: int = 100, **change: Any) -> CommentText:
    values: dict[str, Any] = {"id": number, "author": author, "body": body, "body_hash": digest(body)}
    values |= {"created_at": NOW - timedelta(minutes=5), "edited": False, "witnessed": True}
    return CommentText(**(values | change))


async def report(*comments: CommentText, **change: Any) -> Report:
    values: dict[str, Any] = {"target": ISSUE, "policy": POLICY, "comments": comments}
    return await CHECK.assess(snapshot(**(values | change)), TOOLS)


async def answer(*comments: CommentText, **change: Any) -> Answer | None:
    found = (await report(*comments, **change)).answers
    assert len(found) < 2
    return found[0] if found else None


async def test_an_operators_phrase_opens_the_gate_and_is_seen() -> None:
    heard = await answer(said(PHRASE))
    assert heard is not None
    assert (heard.reactions, heard.reply) == (("eyes", "+1"), "")
    found = await report(said(PHRASE))
    assert "open, by operator" in found.explanation
    assert [(one.kind, one.object, one.actor, one.detail["open"]) for one in found.records] == [
        ("gate", f"gate:{PHRASE}", OPERATOR, True)
    ]


MISSES: dict[str, tuple[CommentText, str]] = {
    "another author": (said(PHRASE, OUTSIDER), "only operators can open it (operator)."),
    "an agent": (said(PHRASE, AGENT), "only operators can open it"),
    "edited": (said(PHRASE, edited=True, witnessed=False), "the comment was edited"),
    "unwitnessed": (said(PHRASE, witnessed=False), "the bot received no webhook delivery for this comment"),
    "quoted": (said(f"> {PHRASE}"), "does not count in a quotation, in code or in a list"),
    "fenced": (said(f"```\n{PHRASE}\n```"), "does not count in a quotation, in code or in a list"),
    "in a list": (said(f"- {PHRASE}"), "does not count in a quotation, in code or in a list"),
    "in a sentence": (said(f"Should I write {PHRASE} now?"), "does not count within other text"),
    "one letter off": (said(PHRASE.replace("runtime", "runtine")), "Typo in the phrase"),
    "one letter short": (said(PHRASE[:-1]), "Typo in the phrase"),
    "two letters swapped": (said(PHRASE.replace("m04", "m40")), "Typo in the phrase"),
    "with a full stop": (said(f"{PHRASE}."), "Typo in the phrase"),
    "in capitals": (said(PHRASE.upper()), "Typo in the phrase"),
}


@pytest.mark.parametrize(("comment", "words"), MISSES.values(), ids=MISSES)
async def test_a_near_miss_is_told_what_is_missing(comment: CommentText, words: str) -> None:
    heard = await answer(comment)
    assert heard is not None
    assert heard.reactions == ("confused",)
    assert words in heard.reply
    assert (await report(comment)).judgment is None


@pytest.mark.parametrize(
    "comment",
    [
        said(f"Next comes `{PHRASE}`, I think.", AGENT),
        said(f"> {PHRASE}", OUTSIDER),
        said("Looks good.", OPERATOR),
        said(PHRASE[:-2]),
        said(PHRASE, "", witnessed=False),
        said(PHRASE, OUTSIDER, created_at=NOW - timedelta(days=9), witnessed=False),
    ],
)
async def test_talk_about_a_gate_is_not_answered(comment: CommentText) -> None:
    assert await answer(comment, served_since=NOW - timedelta(days=1)) is None


async def test_a_young_comment_waits_for_its_witness() -> None:
    found = await report(said(PHRASE, created_at=NOW, witnessed=False))
    assert (found.answers, found.again) == ((), 30.0)


async def test_others_than_operators_are_answered_a_few_times_only() -> None:
    found = await report(*(said(PHRASE, OUTSIDER, number) for number in range(100, 130)))
    assert sum(bool(one.reply) for one in found.answers) == 10


def pull(**change: Any) -> dict[str, Any]:
    return {"target": PULL.model_copy(update={"number": 99}), "files": files("vault/policy.hcl"), **change}


async def test_what_a_closed_gate_protects_is_blocked_and_then_free() -> None:
    blocked = await report(**pull())
    assert (blocked.verdict, [one.rule for one in blocked.findings]) == (Verdict.BLOCK, ["gate-protected"])
    seen = PhraseSeen(phrase=PHRASE, number=ISSUE.number, comment=100, by=OPERATOR, at=NOW)
    assert (await report(**pull(phrases=(seen,)))).verdict is Verdict.PASS
    elsewhere = seen.model_copy(update={"number": 50})
    assert (await report(**pull(phrases=(elsewhere,)))).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("touch", "verdict"),
    [
        (ProtectedLine(name="VAULT_ADDR", path="deploy/run.sh", line=3, removed=True), Verdict.BLOCK),
        (ProtectedLine(name="VAULT_ADDR", path="deploy/run.sh", line=3, removed=False), Verdict.BLOCK),
        (ProtectedLine(name="VAULT_ADDR", path="docs/vault.md", line=3, removed=False), Verdict.PASS),
        (ProtectedLine(name="OTHER", path="deploy/run.sh", line=3, removed=True), Verdict.PASS),
    ],
)
async def test_names_are_protected_where_they_do_something(touch: ProtectedLine, verdict: Verdict) -> None:
    found = await report(**pull(files=files(touch.path), protected_lines=(touch,)))
    assert found.verdict is verdict


ELSEWHERE = {"target": PULL.model_copy(update={"number": 99})}


@pytest.mark.parametrize(
    "body", [PHRASE, f"All of it was read.\n\n{PHRASE}", f"`{PHRASE}`", f"{PHRASE}.", PHRASE.upper()]
)
async def test_an_operator_who_writes_a_phrase_where_it_does_not_count_is_told_where_it_does(body: str) -> None:
    heard = await answer(said(body), **ELSEWHERE)
    assert heard is not None
    assert heard.reactions == ("confused",)
    assert f"`{PHRASE}` does not count here" in heard.reply
    assert f"{ISSUE.number}" in heard.reply
    found = await report(said(body), **ELSEWHERE)
    assert found.explanation.startswith("No gate can be opened here.")
    assert found.explanation.count("| closed |") == 1
    assert found.judgment is None


@pytest.mark.parametrize(
    "comment", [said(PHRASE, OUTSIDER), said(PHRASE, AGENT), said(f"`{PHRASE}` is next, I think.")]
)
async def test_others_and_talk_are_not_answered_where_a_phrase_does_not_count(comment: CommentText) -> None:
    assert await answer(comment, **ELSEWHERE) is None


async def test_a_phrase_in_a_review_is_told_where_to_write_it() -> None:
    found = await report(target=PULL, remarks=(said(PHRASE, number=116),))
    (heard,) = found.answers
    assert (heard.comment_id, heard.reactions) == (116, ())
    assert "does not count in a review" in heard.reply
    assert (found.judgment, "closed" in found.explanation) == (None, True)
    assert (await report(target=PULL, remarks=(said(PHRASE, AGENT, number=116),))).answers == ()


@pytest.mark.parametrize(("number", "here"), [(17, True), (18, False)])
async def test_a_soaks_phrase_counts_on_the_pull_requests_of_gate_on(number: int, here: bool) -> None:
    soak = SoakPolicy(name="pump", issue=265, gate=PHRASE, gate_on=(17,))
    policy = Policy(operators=(OPERATOR,), soaks=(soak,))
    soaks = (SoakSeen(name="pump"),)
    target = PULL.model_copy(update={"number": number})
    heard = await answer(said(PHRASE), target=target, policy=policy, soaks=soaks)
    assert ("does not count here: it counts on" in heard.reply if heard else False) is not here


async def test_a_phrase_that_only_a_description_announces_counts_on_its_pull_request() -> None:
    policy = Policy(operators=(OPERATOR,), contract=ContractPolicy(mode="block"))
    body = "## Known constraints\n\nThe gate is w04-signer-cutover-approved.\n"
    word = said("w04-signer-cutover-approved")
    moved = await answer(word, target=PULL, policy=policy, body=body)
    assert "no longer counts: the pull request's head, base branch or merge base" in (moved.reply if moved else "")
    here = word.model_copy(update={"about": NOW_SEEN})
    found = await report(here, target=PULL, policy=policy, body=body)
    assert [one.reactions for one in found.answers] == [("eyes", "+1")]
    assert "| `w04-signer-cutover-approved` | announced in the description |" in found.explanation
    assert "open, by operator" in found.explanation


async def test_an_announced_gate_of_the_policy_counts_where_the_policy_says_only() -> None:
    policy = POLICY.model_copy(update={"contract": ContractPolicy(mode="block")})
    body = f"## Known constraints\n\nThe gate is {PHRASE}.\n"
    observed = snapshot(ELSEWHERE["target"], policy=policy, body=body, comments=(said(PHRASE),))
    contract = contract_report(observed, policy.contract)
    (note,) = [one for one in contract.notes if one.startswith("Gate ")]
    assert note.startswith(f"Gate {PHRASE}: closed.")
    assert note.endswith(f"in a comment on #{ISSUE.number}, #{PULL.number}.")
    gates = await CHECK.assess(observed, TOOLS)
    assert [one.reactions for one in gates.answers] == [("confused",)]
    assert "closed" in gates.explanation


async def test_contract_and_gate_know_a_gate_that_was_opened_elsewhere() -> None:
    policy = POLICY.model_copy(update={"contract": ContractPolicy(mode="block")})
    body = f"## Known constraints\n\nThe gate is {PHRASE}.\n"
    seen = PhraseSeen(phrase=PHRASE, number=ISSUE.number, comment=100, by=OPERATOR, at=NOW)
    observed = snapshot(ELSEWHERE["target"], policy=policy, body=body, phrases=(seen,))
    assert f"Gate {PHRASE}: opened by {OPERATOR}." in contract_report(observed, policy.contract).notes
    assert "open, by operator" in (await CHECK.assess(observed, TOOLS)).explanation


def of_soak(thread: Thread, days: float) -> Snapshot:
    return thread.snapshot(later(days=days))


async def test_a_soaks_phrase_before_its_audit_is_told_so() -> None:
    thread = proven()
    thread.write(SOAK_PHRASE, later(days=7.5), OPERATOR)
    found = await CHECK.assess(of_soak(thread, 7.6), TOOLS)
    (heard,) = found.answers
    assert (heard.reactions, "came too early: the soak `deploy-runner-token` is `threshold-met`" in heard.reply) == (
        ("confused",),
        True,
    )


async def test_a_soaks_phrase_after_its_audit_is_taken_and_stays_so_when_the_gate_closes_again() -> None:
    thread = proven()
    thread.write(SOAK_PHRASE, later(days=9), OPERATOR)
    thread.evaluate(later(days=9))
    (heard,) = (await CHECK.assess(of_soak(thread, 9), TOOLS)).answers
    assert heard.reactions == ("eyes", "+1")
    thread.comments.pop(2)
    (still,) = (await CHECK.assess(of_soak(thread, 10), TOOLS)).answers
    assert still.reactions == ("eyes", "+1")


async def test_a_phrase_that_is_gone_is_in_the_ledger_too() -> None:
    observed = snapshot(ISSUE, policy=POLICY, comments=(said(PHRASE),))
    after = folded(observed, await CHECK.assess(observed, TOOLS))
    gone = after.model_copy(update={"inputs": after.inputs.model_copy(update={"comments": ()})})
    found = await CHECK.assess(gone, TOOLS)
    assert [one.detail["open"] for one in found.records] == [False]
    again = folded(gone, found)
    assert (await CHECK.assess(again, TOOLS)).judgment is None


async def test_without_gates_there_is_nothing_to_say() -> None:
    found = await report(said(PHRASE), policy=Policy(operators=(OPERATOR,)))
    assert (found.verdict, found.shown, found.status, found.answers) == (Verdict.SKIP, False, False, ())


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("abcdef", False),
        ("abcdeg", True),
        ("abcde", True),
        ("abcdefg", True),
        ("abcdfe", True),
        ("abcdgh", False),
        ("bcdefg", False),
        ("", False),
        ("ABCDEF", True),
    ],
)
def test_nearly_is_one_letter(text: str, near: bool) -> None:
    assert nearly(text, "abcdef") is near


def test_a_phrase_in_a_longer_word_is_talk() -> None:
    assert Spoken(f"{PHRASE}-really").reading(PHRASE) == "inside"
