"""The canary's line against the statuses of the head, and who may waive it."""

import pytest

from bot.model import CommentText, StatusSeen
from bot.policy.contract import ContractPolicy
from handlers.contract.canary import Real, real, waived
from tests.handlers.contract.contracts import BLOCK, FULL_BODY, LITE_BODY, found, full, judged, lite, status
from tests.snapshots import AGENT, HEAD, NOW, NOW_SEEN, OPERATOR, WRITER

CANARY = "canary-required / canary"
STATES = {
    Real.NONE: ("Has been skipped", "success"),
    Real.WAITING: ("Waiting to run", "pending"),
    Real.RUNNING: ("Has started running", "pending"),
    Real.CANCELLED: ("Has been cancelled", "failure"),
    Real.PASSED: ("Successful in 4s", "success"),
    Real.FAILED: ("Failing after 3m58s", "failure"),
}
AGREEING = {
    Real.NONE: {"missing", "pending"},
    Real.WAITING: {"pending", "running"},
    Real.RUNNING: {"pending", "running"},
    Real.CANCELLED: {"missing", "pending", "failed"},
    Real.PASSED: {"passed"},
    Real.FAILED: {"failed"},
}


def seen(*states: Real) -> tuple[StatusSeen, ...]:
    return tuple(status(f"w{number} / canary", *STATES[state]) for number, state in enumerate(states))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("word", ["missing", "pending", "running", "passed", "failed"])
def test_the_word_has_to_agree_with_what_the_canary_did(state: Real, word: str) -> None:
    body = LITE_BODY.replace("Canary status: missing", f"Canary status: {word}")
    expected = [] if word in AGREEING[state] else ["canary-disagrees"]
    assert found(lite(body=body, statuses=seen(state))) == expected


@pytest.mark.parametrize("state", STATES)
def test_what_the_finding_asks_for_is_right(state: Real) -> None:
    body = FULL_BODY.replace("Canary status: pending", "Canary status: green")
    told = judged(full(body=body, statuses=seen(state))).findings[0].next_step.removeprefix("Write: ")
    assert "canary-word" not in found(full(body=body.replace("Canary status: green", told), statuses=seen(state)))
    assert "canary-disagrees" not in found(full(body=body.replace("Canary status: green", told), statuses=seen(state)))


@pytest.mark.parametrize(
    ("states", "together"),
    [
        ((), Real.NONE),
        ((Real.NONE, Real.PASSED), Real.PASSED),
        ((Real.PASSED, Real.RUNNING), Real.RUNNING),
        ((Real.PASSED, Real.WAITING), Real.WAITING),
        ((Real.RUNNING, Real.FAILED), Real.FAILED),
        ((Real.PASSED, Real.CANCELLED), Real.CANCELLED),
    ],
)
def test_several_canaries_are_as_good_as_the_worst(states: tuple[Real, ...], together: Real) -> None:
    assert real(full(statuses=seen(*states)), BLOCK).state is together


def test_other_jobs_of_the_same_workflow_are_no_canary() -> None:
    assert (
        real(full(statuses=(status("canary-required / collect-diff", "Failing after 3s", "failure"),)), BLOCK).statuses
        == ()
    )


def test_the_policy_says_what_the_canary_is_called() -> None:
    rules = ContractPolicy.model_validate({"mode": "block", "canary": ["smoke*"]})
    states = (status("Smoke test"), status(CANARY, "Failing after 3s", "failure"))
    assert real(full(statuses=states), rules).state is Real.PASSED


def comment(body: str, **change: object) -> CommentText:
    values = {"id": 5, "author": OPERATOR, "body": body, "body_hash": "", "created_at": NOW}
    return CommentText.model_validate(values | {"edited": False, "witnessed": True, "about": NOW_SEEN} | change)


@pytest.mark.parametrize(
    ("body", "change", "who"),
    [
        (f"canary-waived {HEAD}", {}, OPERATOR),
        (f"It is urgent.\n\n`canary-waived {HEAD}`", {}, OPERATOR),
        (f"canary-waived {HEAD[:39]}", {}, ""),
        (f"One would write\n```\ncanary-waived {HEAD}\n```\nbut I don't", {}, ""),
        (f"One would write\n\n    canary-waived {HEAD}", {}, ""),
        (f"<!--\ncanary-waived {HEAD}\n-->", {}, ""),
        (f"> he says\ncanary-waived {HEAD}", {}, ""),
        (f"<details>\n\ncanary-waived {HEAD}\n\n</details>", {}, ""),
        (f"Fine.\r\ncanary-waived {HEAD}\r\n", {}, OPERATOR),
        ("canary-waived", {}, ""),
        (f"canary-waived {'c3' * 20}", {}, ""),
        (f"never write canary-waived {HEAD}", {}, ""),
        (f"> canary-waived {HEAD}", {}, ""),
        (f"canary-waived {HEAD}", {"edited": True}, ""),
        (f"canary-waived {HEAD}", {"witnessed": False}, ""),
        (f"canary-waived {HEAD}", {"about": None}, ""),
        (f"canary-waived {HEAD}", {"about": NOW_SEEN.model_copy(update={"base": "stage"})}, ""),
        (f"canary-waived {HEAD}", {"about": NOW_SEEN.model_copy(update={"merge_base": HEAD})}, ""),
        (f"canary-waived {HEAD}", {"author": WRITER}, ""),
        (f"canary-waived {HEAD}", {"author": AGENT}, ""),
    ],
)
def test_only_an_operator_waives_it_for_this_head_in_words_that_are_surely_his(
    body: str, change: dict[str, object], who: str
) -> None:
    observed = full(comments=(comment(body, **change),), body=FULL_BODY.replace("status: pending", "status: waived"))
    assert waived(observed) == who
    assert found(observed) == ([] if who else ["canary-waiver"])


def test_nobody_waives_it_on_what_he_opened_himself() -> None:
    assert waived(full(author=OPERATOR, comments=(comment(f"canary-waived {HEAD}"),))) == ""


@pytest.mark.parametrize(
    ("description", "state", "did"),
    [
        ("3 passed, 1 failed, 2 skipped", "failure", Real.FAILED),
        ("3 passed, 2 skipped", "success", Real.PASSED),
        ("Has been skipped", "success", Real.NONE),
        ("", "skipped", Real.NONE),
    ],
)
def test_a_canary_that_speaks_of_skipped_tests_has_run(description: str, state: str, did: Real) -> None:
    assert real(full(statuses=(status(CANARY, description, state),)), BLOCK).state is did


@pytest.mark.parametrize(("creator", "did"), [("", Real.PASSED), (WRITER, Real.PASSED), (AGENT.upper(), Real.NONE)])
def test_nobody_reports_that_his_own_canary_has_passed(creator: str, did: Real) -> None:
    own = status(CANARY).model_copy(update={"creator": creator})
    observed = full(statuses=(own,), body=FULL_BODY.replace("status: pending", "status: passed"), author="gardener")
    assert real(observed, BLOCK).state is did
    told = [one.evidence for one in judged(observed).findings if one.rule == "canary-disagrees"]
    assert [f"by the author or an agent does not count: {creator}" in one for one in told] == (
        [True] if did is Real.NONE else []
    )


def test_what_an_author_reports_counts_against_him() -> None:
    own = status(CANARY, "broken", "failure").model_copy(update={"creator": WRITER})
    assert real(full(statuses=(own,), author=WRITER), BLOCK).state is Real.FAILED
    green = own.model_copy(update={"state": "success"})
    assert real(full(statuses=(green,), author=WRITER), BLOCK).state is Real.NONE
