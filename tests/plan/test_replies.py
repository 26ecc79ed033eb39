"""What people hear who wrote commands: a reaction and a reply, each once, whatever is looked at again."""

from datetime import timedelta

import pytest

from bot.model import Answer, CommentText, Decision, Judgment, Report, Verdict, digest
from bot.plan.actions import disputes, writes
from bot.plan.assessment import folded, plan
from tests.snapshots import LABELS, NOW, OPERATOR, carried_out, held, kinds, own, report, snapshot


def said(number: int = 41, body: str = "/help") -> CommentText:
    return CommentText(
        id=number, author=OPERATOR, body=body, body_hash=digest(body), created_at=NOW, edited=False, witnessed=True
    )


def answering(*answers: Answer, check: str = "commands") -> Report:
    return report(check=check, answers=answers, shown=False, status=False)


HELPED = Answer(comment_id=41, reactions=("eyes", "+1"), reply="These can be asked for.")


def test_an_answer_is_a_reaction_before_and_one_after_the_rest_and_a_reply() -> None:
    observed = snapshot(comments=(said(),))
    wanted = plan(observed, [answering(HELPED), report()])
    done = writes(wanted, observed, disputes(wanted, observed, LABELS), LABELS)
    assert kinds(done) == ["reaction.create", "comment.create", "comment.create", "status.create", "reaction.create"]
    assert [(one.body, one.comment_id) for one in (done[0], done[-1])] == [("eyes", 41), ("+1", 41)]
    assert done[2].body == "<!-- assay:workshop/garden!12:answer-41 -->\nThese can be asked for."


def test_answers_are_given_once_even_when_the_reply_is_deleted_or_would_read_otherwise() -> None:
    observed = snapshot(comments=(said(),))
    wanted = plan(observed, [answering(HELPED), report()])
    first = writes(wanted, observed, disputes(wanted, observed, LABELS), LABELS)
    after = carried_out(observed, first)
    gone = after.model_copy(
        update={
            "own": after.own.model_copy(
                update={"comments": tuple(one for one in after.own.comments if one.purpose == "report")}
            )
        }
    )
    other = plan(gone, [answering(HELPED.model_copy(update={"reply": "Other words."})), report()])
    disputed = disputes(other, gone, LABELS)
    assert (disputed.restored, writes(other, gone, disputed, LABELS)) == ((), ())


def test_a_reply_whose_write_was_not_answered_is_looked_for_and_not_doubled() -> None:
    reply = "<!-- assay:workshop/garden!12:answer-41 -->\nThese can be asked for."
    lost = held("comment:answer-41", "", intended=digest(reply))
    observed = snapshot(comments=(said(),), own=own(held=(lost,)))
    wanted = plan(observed, [answering(HELPED)])
    assert "comment.create" in kinds(writes(wanted, observed, disputes(wanted, observed, LABELS), LABELS))


def test_a_comment_that_is_gone_is_not_answered() -> None:
    wanted = plan(snapshot(), [answering(HELPED)])
    assert (len(wanted.comments), wanted.reactions) == (1, ())


def test_what_several_checks_answer_to_one_comment_stands_in_one_reply() -> None:
    more = Answer(comment_id=41, reactions=("confused", "eyes"), reply="No payload counts here.")
    wanted = plan(snapshot(comments=(said(),)), [answering(HELPED), answering(more, check="judge")])
    assert [one.content for one in wanted.reactions] == ["eyes", "+1", "confused"]
    assert wanted.comments[1].body.endswith("These can be asked for.\n\nNo payload counts here.")


@pytest.mark.parametrize(
    ("name", "told"),
    [("secret-leak", "all is well"), ("no`such", "No check named ``no`such`` runs here.")],
)
def test_explaining_a_check_tells_all_of_its_report(name: str, told: str) -> None:
    asked = Answer(comment_id=41, reactions=("eyes", "+1"), explains=(name,))
    reports = [answering(asked), report(explanation="| signal | weight |\n| --- | --- |")]
    (_, reply) = plan(snapshot(comments=(said(),)), reports).comments
    assert told in reply.body
    assert ("| signal |" in reply.body) is (name == "secret-leak")


def test_decisions_and_judgments_are_folded_into_the_snapshot_of_later_checks() -> None:
    late = Decision(comment_id=9, line=1, command="hold", by=OPERATOR, at=NOW)
    early = Decision(comment_id=3, line=2, command="park", by=OPERATOR, at=NOW - timedelta(hours=1))
    judged = Judgment(check="judge", at=NOW, basis="sha256:x", content={"priority": "p1"})
    before = snapshot(decisions=(late,))
    after = folded(before, report(decisions=(early,), judgment=judged))
    assert after.inputs.decisions == (early, late)
    assert after.memory.judgments == (judged,)
    assert after.hash != before.hash


def test_judgments_alone_leave_the_hash_as_it_is() -> None:
    judged = Judgment(check="judge", at=NOW, basis="sha256:x", content={"priority": "p1"})
    assert folded(snapshot(), report(judgment=judged)).hash == snapshot().hash


def test_a_check_without_status_has_one_where_its_red_one_stands() -> None:
    quiet = report(check="judge", status=False)
    red = own(held=(held(f"status:{snapshot().inputs.head.sha}:assay/judge"),))
    assert [one.context for one in plan(snapshot(), [quiet]).statuses] == ["assay"]
    assert [one.context for one in plan(snapshot(own=red), [quiet]).statuses] == ["assay", "assay/judge"]


def test_a_check_that_is_not_shown_has_no_line_in_the_report() -> None:
    body = plan(snapshot(), [report(), report(Verdict.SKIP, check="commands", shown=False)]).comments[0].body
    assert ("`secret-leak`" in body, "`commands`" in body) == (True, False)
