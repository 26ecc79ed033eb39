"""Claims in comments of a tracking issue: each is listed, and one that is ahead of the state is an alarm."""

from datetime import timedelta

import pytest

from bot.policy import Policy, SoakPolicy
from handlers.soak.check import report
from handlers.soak.labels import WAITS
from handlers.soak.state.machine import Soak, tracked_soaks
from tests.handlers.soak.soaking import DAY, PHRASE, SOAK, Thread, evidence, later, proven, smoke, told
from tests.snapshots import OPERATOR, OUTSIDER

HOUR = timedelta(hours=1)


def looked(thread: Thread, days: float = 1) -> Soak:
    (soak,) = tracked_soaks(thread.snapshot(later(days=days)))
    return soak


@pytest.mark.parametrize(
    ("body", "means"),
    [
        ("direct PAT fallback removed", "the protected part is removed"),
        ("Removed the direct PAT fallback today.", "the protected part is removed"),
        ("Three of three smokes passed.", "enough runs count"),
        ("Smokes: 3/3 passed", "enough runs count"),
        ("The soak is complete.", "it has passed"),
        ("The soak has started.", "it has started"),
        ("- [x] Soak threshold met: 3/3 smokes", "enough runs count"),
    ],
)
@pytest.mark.parametrize("author", ["codex", OPERATOR, OUTSIDER])
def test_a_claim_ahead_of_the_state_is_listed_and_an_alarm(body: str, means: str, author: str) -> None:
    thread = Thread()
    thread.write(body, DAY, author)
    soak = looked(thread)
    assert [f"by {author} states that {means}, but the soak is not-started." in alarm for alarm in soak.alarms] == [
        True
    ]
    assert [(row.kind, row.counts, means in row.why) for row in soak.rows] == [("claim", False, True)]
    found = report(thread.snapshot(later(days=1)))
    assert found.comment is not None
    assert f"> ⚠️ Comment 1 by {author} states that {means}" in found.comment.body
    assert all(found.labels[name] for name in WAITS if name in found.labels)


@pytest.mark.parametrize(
    "body",
    [
        "The direct PAT fallback is not removed yet.",
        "Next step: remove the direct PAT fallback.",
        "> direct PAT fallback removed",
        "```\ndirect PAT fallback removed\n```",
        "Is the soak complete?",
        f"`{PHRASE}` comes after the audit.",
        "Looks good to me.",
        "/soak",
    ],
)
def test_plans_quotes_questions_and_denials_are_no_claims(body: str) -> None:
    thread = Thread()
    thread.write(body, DAY, "codex")
    assert (looked(thread).alarms, looked(thread).rows) == ((), ())


def test_a_comment_that_names_runs_in_prose_is_listed_by_its_runs_and_alarms_too() -> None:
    thread = Thread()
    thread.write("All three smokes passed: run 733, run 736 and run 740 succeeded.", DAY, "codex")
    soak = looked(thread)
    assert [row.run for row in soak.rows] == [733, 736, 740]
    assert len(soak.alarms) == 1


def test_an_alarm_ends_when_the_state_is_reached_or_the_comment_corrected() -> None:
    thread = proven()
    thread.write("Soak threshold met: 3/3 smokes", later(days=2), "codex")
    assert looked(thread, 3).alarms == ()
    early = Thread()
    early.write("The soak has started.", DAY, "codex")
    assert len(looked(early).alarms) == 1
    early.comments[0] = early.comments[0].model_copy(update={"body": "The soak starts tomorrow.", "edited": True})
    assert looked(early).alarms == ()


def test_a_claim_that_was_true_when_it_was_written_is_history_after_a_reset() -> None:
    thread = proven()
    thread.write("Soak threshold met: 3/3 smokes", later(days=2), "codex")
    thread.run(760, later(days=3), status="failure")
    thread.write(told(smoke(760)), later(days=3) + HOUR)
    soak = looked(thread, 4)
    assert soak.name in {"installed", "soaking"}
    assert not any("states that" in alarm for alarm in soak.alarms)


def test_words_beside_evidence_wait_for_its_run() -> None:
    thread = Thread(pulls={273: DAY})
    thread.write(told(evidence("install")), DAY)
    thread.run(733, DAY + HOUR, status="running")
    thread.write(told(smoke(733), words="The soak has started."), DAY + 2 * HOUR)
    assert looked(thread).alarms == ()


def test_a_claim_counts_for_the_soak_that_it_names() -> None:
    thread = Thread()
    thread.write("The soak other-token is complete.", DAY, "codex")
    other = SoakPolicy(name="other-token", issue=999)
    policy = Policy(operators=(OPERATOR,), soaks=(SoakPolicy.model_validate(SOAK), other))
    (soak,) = tracked_soaks(thread.snapshot(later(days=1), policy=policy))
    assert (soak.alarms, soak.rows) == ((), ())


def test_comments_from_before_the_bot_are_listed_without_an_alarm() -> None:
    thread = Thread()
    thread.write("direct PAT fallback removed", DAY, "codex", witnessed=False)
    (soak,) = tracked_soaks(thread.snapshot(later(days=1), served_since=later(days=0.5)))
    assert soak.alarms == ()
    assert [row.kind for row in soak.rows] == ["claim"]


def test_many_claims_leave_room_for_other_alarms() -> None:
    thread = Thread()
    for number in range(40):
        thread.write(f"The soak is complete, says {number}.", DAY + timedelta(minutes=number), OUTSIDER)
    alarms = looked(thread).alarms
    assert len(alarms) == 5
    assert alarms[-1].startswith("Comment 40 by")
