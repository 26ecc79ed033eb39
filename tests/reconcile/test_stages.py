"""Which writes wait for which: a status for the labels, and for the report that it links if that is created now."""

from bot.plan import Action
from bot.reconcile.apply import stages_of

SEEN = Action(kind="reaction.create", object="reaction:7:eyes")
REPORT = Action(kind="comment.edit", object="comment:report", comment_id=3)
NEW_REPORT = Action(kind="comment.create", object="comment:report")
JUDGE = Action(kind="comment.edit", object="comment:judge", comment_id=4)
OFF = Action(kind="label.remove", object="label:merge/auto")
ON = Action(kind="label.add", object="label:judge/operator-needed")
LINKED = Action(kind="status.create", object="status:SHA:assay")
OF_SIBLING = Action(kind="status.create", object="status:SHA:assay", target_url="https://forge.example/1#c")
DONE = Action(kind="reaction.create", object="reaction:7:+1")


def test_a_status_waits_for_no_edit_of_a_comment() -> None:
    assert stages_of([REPORT, JUDGE, LINKED]) == [[[REPORT, JUDGE], [LINKED]]]


def test_a_status_waits_for_the_labels() -> None:
    assert stages_of([REPORT, OFF, ON, LINKED]) == [[[REPORT], [OFF, ON, LINKED]]]


def test_a_status_waits_for_a_report_whose_address_it_needs() -> None:
    assert stages_of([NEW_REPORT, ON, LINKED]) == [[[NEW_REPORT]], [[ON, LINKED]]]
    assert stages_of([NEW_REPORT, OF_SIBLING]) == [[[NEW_REPORT], [OF_SIBLING]]]


def test_a_command_is_confirmed_when_all_else_is_written() -> None:
    assert stages_of([SEEN, REPORT, LINKED, DONE]) == [[[SEEN, REPORT], [LINKED]], [[DONE]]]
    assert stages_of([SEEN]) == [[[SEEN]]]
