"""The three-way merge: what the bot wrote, what is wanted now, what is there now."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Held, LabelSeen, Plan, Restored, WantedComment, WantedLabel, digest
from bot.plan.actions import Action, Disputes, disputes, writes
from bot.plan.label_merge import current_evidence, decide_label
from bot.plan.report import FOOTER
from tests.snapshots import (
    AGENT,
    BOT,
    LABELS,
    NOW,
    OPERATOR,
    OUTSIDER,
    WRITER,
    carried_out,
    comment,
    held,
    kinds,
    own,
    seen,
    snapshot,
    wanted,
)

ON, OFF = WantedLabel(on=True, evidence="e1"), WantedLabel(on=False, evidence="e1")
NEW_ON, NEW_OFF = WantedLabel(on=True, evidence="e2"), WantedLabel(on=False, evidence="e2")
MINE_ON, MINE_OFF = held("label:x", "on", "e1"), held("label:x", "off", "e1")
FREE, DECISION = False, True
NAMES = ("api", "size/small", "size/large", "judge/p1", "judge/p3", "merge/auto")
REPORT = "<!-- assay:workshop/garden!12 -->\n\n### No problems found"


def decided(
    want: WantedLabel | None, seen_label: LabelSeen, ledger: Held | None = None, *, decision: bool = False
) -> str:
    mine = own(labels=(seen_label,), held=(ledger,) if ledger else ())
    return decide_label(want, seen_label, snapshot(own=mine), decision=decision)


def difference(plan: Plan, **mine: object) -> tuple[tuple[Action, ...], Disputes]:
    observed = snapshot(own=own(**mine))
    disputed = disputes(plan, observed, LABELS)
    return writes(plan, observed, disputed, LABELS), disputed


LABEL_CASES = [
    ("a label that isn't there yet is set", ON, seen("x", on=False), None, FREE, "write"),
    ("a label that is there as wanted is left", ON, seen("x", BOT), MINE_ON, FREE, "keep"),
    ("a label that an outsider set is left where it is wanted", ON, seen("x", OUTSIDER), None, DECISION, "keep"),
    ("the bot's own label goes when the check wants it off", NEW_OFF, seen("x", BOT), MINE_ON, FREE, "write"),
    ("the bot's own label without history is no reason to take it off", OFF, seen("x", BOT), None, FREE, "keep"),
    ("what the bot took off is set again on new evidence", NEW_ON, seen("x", BOT, on=False), MINE_OFF, FREE, "write"),
    ("removed by an agent: restored", ON, seen("x", AGENT, on=False), MINE_ON, FREE, "restore"),
    ("removed by a human: it stays off", ON, seen("x", WRITER, on=False), MINE_ON, FREE, "keep"),
    ("removed by a human: new evidence sets it", NEW_ON, seen("x", WRITER, on=False), MINE_ON, FREE, "write"),
    ("added by a human against the check: it stays", OFF, seen("x", WRITER), MINE_OFF, FREE, "keep"),
    ("added by a human before the bot looked: it stays", NEW_OFF, seen("x", WRITER), None, FREE, "keep"),
    ("added by an agent against the check: taken off", OFF, seen("x", AGENT), MINE_OFF, FREE, "restore"),
    ("added by an agent before the bot looked: taken off", OFF, seen("x", AGENT), None, FREE, "restore"),
    ("removed by a human before the bot ever set it: set", ON, seen("x", WRITER, on=False), None, FREE, "write"),
    ("decision, removed by the operator: it stays off", ON, seen("x", OPERATOR, on=False), MINE_ON, DECISION, "keep"),
    (
        "decision, removed by the operator, new evidence",
        NEW_ON,
        seen("x", OPERATOR, on=False),
        MINE_ON,
        DECISION,
        "write",
    ),
    ("decision, removed by a writer: restored", ON, seen("x", WRITER, on=False), MINE_ON, DECISION, "restore"),
    ("decision, removed by an agent: restored", ON, seen("x", AGENT, on=False), MINE_ON, DECISION, "restore"),
    ("decision, first wanted after somebody took it off", ON, seen("x", AGENT, on=False), None, DECISION, "write"),
    ("decision, added by the operator: it stays", OFF, seen("x", OPERATOR), MINE_OFF, DECISION, "keep"),
    ("decision, added by the operator, new evidence", NEW_OFF, seen("x", OPERATOR), MINE_OFF, DECISION, "write"),
    ("decision, added by an agent: taken off", OFF, seen("x", AGENT), MINE_OFF, DECISION, "restore"),
    ("nobody wants it, the bot set it: it goes", None, seen("x", BOT), MINE_ON, FREE, "write"),
    ("nobody wants it, the bot set it, decision: it goes", None, seen("x", BOT), MINE_ON, DECISION, "write"),
    (
        "nobody wants it, the answer to the bot's own setting was lost: it goes",
        None,
        seen("x", BOT),
        held("label:x", "off", "e1", intended="on"),
        FREE,
        "write",
    ),
    ("nobody wants it, a human set it again: it stays", None, seen("x", WRITER), MINE_ON, FREE, "keep"),
    ("nobody wants it, an agent set it, free: it stays", None, seen("x", AGENT), None, FREE, "keep"),
    ("judge/p3 of an outsider at opening is taken off", None, seen("x", OUTSIDER), None, DECISION, "restore"),
    ("a decision label of an agent is taken off", None, seen("x", AGENT), None, DECISION, "restore"),
    ("a decision label of the operator stays", None, seen("x", OPERATOR), None, DECISION, "keep"),
    ("a decision label of a listed writer stays", None, seen("x", WRITER), None, DECISION, "keep"),
    ("a decision label that nobody is known to have set stays", None, seen("x"), None, DECISION, "keep"),
    ("a label that is off and wanted by nobody is nothing", None, seen("x", AGENT, on=False), None, DECISION, "keep"),
]


@pytest.mark.parametrize(
    ("want", "label", "ledger", "decision", "answer"),
    [case[1:] for case in LABEL_CASES],
    ids=[c[0] for c in LABEL_CASES],
)
def test_labels(want: WantedLabel | None, label: LabelSeen, ledger: Held | None, decision: bool, answer: str) -> None:
    assert decided(want, label, ledger, decision=decision) == answer


def test_labels_of_an_outsider_at_opening_are_taken_off_with_a_word_and_the_operators_stay() -> None:
    there = (seen("judge/p3", OUTSIDER), seen("merge/auto", OUTSIDER), seen("a/free", OUTSIDER))
    done, disputed = difference(Plan(), labels=there)
    assert [(one.kind, one.label) for one in done] == [("label.remove", "judge/p3"), ("label.remove", "merge/auto")]
    assert [one.what for one in disputed.restored] == [
        f"Label judge/p3 was added by {OUTSIDER}",
        f"Label merge/auto was added by {OUTSIDER}",
    ]
    assert difference(Plan(), labels=(seen("judge/p3", OPERATOR),)) == ((), Disputes())


def test_a_label_taken_off_by_an_agent_is_told_with_its_name_and_a_change_of_the_bots_own_is_not() -> None:
    plan = Plan(labels={"a/free": ON, "b/free": ON})
    done, disputed = difference(
        plan, labels=(seen("a/free", AGENT, on=False),), held=(held("label:a/free", "on", "e1"),)
    )
    assert [(one.kind, one.label, one.evidence) for one in done] == [
        ("label.add", "a/free", "e1"),
        ("label.add", "b/free", "e1"),
    ]
    assert [one.what for one in disputed.restored] == [f"Label a/free was removed by {AGENT}"]


def test_a_label_that_stays_is_held_on_its_new_ground() -> None:
    plan = Plan(labels={"api": NEW_ON, "docs": NEW_OFF, "ops": NEW_ON, "ui": NEW_ON})
    observed = snapshot(
        own=own(
            labels=(seen("api", BOT), seen("ops", WRITER, on=False), seen("ui", WRITER)),
            held=(held("label:api", "on", "e1"), held("label:docs", "off", "e1"), held("label:ops", "on", "e1")),
        )
    )
    assert current_evidence(plan, observed, LABELS) == {"label:api": "e2", "label:docs": "e2"}


EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("by", "commanded", "added", "removed"),
    [
        (WRITER, None, [], ["size/small"]),
        (AGENT, None, [], ["size/large"]),
        (WRITER, EARLIER, [], ["size/small"]),
        (WRITER, LATER, [], ["size/large"]),
        (WRITER, NOW, [], ["size/large"]),
    ],
    ids=["a human's choice", "an agent's", "after a command", "before a command", "in the same second"],
)
def test_of_an_exclusive_group_the_rightful_choice_stands_alone(
    by: str, commanded: datetime | None, added: list[str], removed: list[str]
) -> None:
    plan = Plan(
        labels={
            "size/small": WantedLabel(on=True, evidence="e1", commanded=commanded),
            "size/large": WantedLabel(on=False, evidence="e1", commanded=commanded),
        }
    )
    there = (seen("size/small", BOT), seen("size/large", by))
    done, _ = difference(plan, labels=there, held=(held("label:size/small", "on", "e1"),))
    assert [one.label for one in done if one.kind == "label.add"] == added
    assert [one.label for one in done if one.kind == "label.remove"] == removed


def test_two_labels_of_an_exclusive_group_that_an_operator_chose_both_stay() -> None:
    names = ("size/small", "size/large")
    plan = Plan(labels=dict.fromkeys(names, NEW_ON))
    there = tuple(seen(name, OPERATOR) for name in names)
    done, disputed = difference(plan, labels=there, held=tuple(held(f"label:{name}", "on", "e1") for name in names))
    assert (done, disputed) == ((), Disputes())


def test_a_label_that_the_server_took_off_for_one_that_goes_now_is_set_in_the_same_look() -> None:
    plan = Plan(labels={"size/large": NEW_ON})
    there = (seen("size/small", BOT), seen("size/large", BOT, on=False))
    held_both = (held("label:size/small", "on", "e1"), held("label:size/large", "on", NEW_ON.evidence))
    done, _ = difference(plan, labels=there, held=held_both)
    assert {(one.kind, one.label) for one in done} == {("label.remove", "size/small"), ("label.add", "size/large")}


accounts = st.sampled_from(["", BOT, OPERATOR, AGENT, WRITER, OUTSIDER])
label_states = st.builds(lambda by, on: (by, on), accounts, st.booleans())
wants = st.none() | st.builds(WantedLabel, on=st.booleans(), evidence=st.sampled_from(["e1", "e2"]))
ledgers = st.none() | st.builds(
    lambda value, e: (value, e), st.sampled_from(["on", "off"]), st.sampled_from(["e1", "e2"])
)
bodies = st.sampled_from([REPORT, f"{REPORT}{FOOTER}head", "<!-- assay:workshop/garden!12 -->\nother"])


@given(
    wants=st.fixed_dictionaries(dict.fromkeys(NAMES, wants)),
    states=st.fixed_dictionaries({name: st.none() | label_states for name in NAMES}),
    ledger=st.fixed_dictionaries(dict.fromkeys(NAMES, ledgers)),
    there=st.lists(bodies, max_size=3),
    only_if_there=st.booleans(),
)
def test_after_the_writes_a_second_look_has_nothing_to_write(
    wants: dict[str, WantedLabel | None],
    states: dict[str, tuple[str, bool] | None],
    ledger: dict[str, tuple[str, str] | None],
    there: Sequence[str],
    only_if_there: bool,
) -> None:
    plan = Plan(
        comments=(WantedComment(purpose="report", marker="m", body=REPORT + FOOTER, only_if_there=only_if_there),),
        labels={name: want for name, want in wants.items() if want is not None},
    )
    mine = own(
        labels=tuple(seen(name, state[0], on=state[1]) for name, state in states.items() if state),
        held=tuple(held(f"label:{name}", *known) for name, known in ledger.items() if known),
        comments=tuple(comment(body, 501 + place) for place, body in enumerate(there)),
    )
    before = snapshot(own=mine)
    first = writes(plan, before, disputes(plan, before, LABELS), LABELS)
    after = carried_out(before, first)
    disputed = disputes(plan, after, LABELS)
    assert writes(plan, after, disputed, LABELS) == ()
    assert disputed == Disputes()


def written(body: str = REPORT, *, intended: str = "") -> Held:
    return held("comment:report", digest(body), intended=digest(intended) if intended else "")


EDITED, DELETED = "This comment was edited by somebody else", "This comment was deleted by somebody else"
OTHER = REPORT.replace("No problems found", "Approved by the operator")
FORMER = REPORT.replace("No problems found", "Waiting")
COMMENT_CASES = [
    ("none yet: created", [], None, ["comment.create"], []),
    ("as wanted: nothing", [REPORT], written(), [], []),
    ("only the footer differs: nothing", [f"{REPORT}{FOOTER}old"], written(f"{REPORT}{FOOTER}old"), [], []),
    ("an older report of ours: edited in silence", [OTHER], written(OTHER), ["comment.edit"], []),
    (
        "doubles are folded into the oldest",
        [REPORT, REPORT, OTHER],
        written(),
        ["comment.delete", "comment.delete"],
        [],
    ),
    ("deleted by others: created again and told", [], written(), ["comment.create"], [DELETED]),
    ("edited by others: restored and told", [OTHER], written(), ["comment.edit"], [EDITED]),
    ("an edit of the footer alone is restored too", [f"{REPORT}{FOOTER}x"], written(), ["comment.edit"], [EDITED]),
    ("crashed after the write was begun: ours", [OTHER], written(REPORT, intended=OTHER), ["comment.edit"], []),
    ("crashed before the write arrived: ours", [OTHER], written(OTHER, intended=REPORT), ["comment.edit"], []),
    (
        "an earlier write arrived whose answer was lost, a later one didn't: ours",
        [OTHER],
        held("comment:report", digest(FORMER), intended=f"{digest(OTHER)} {digest(REPORT)}"),
        ["comment.edit"],
        [],
    ),
    (
        "crashed while creating, the write arrived",
        [REPORT],
        held("comment:report", "", intended=digest(REPORT)),
        [],
        [],
    ),
    (
        "crashed while creating, it didn't arrive",
        [],
        held("comment:report", "", intended=digest(REPORT)),
        ["comment.create"],
        [],
    ),
    ("an own comment without history is adopted in silence", [OTHER], None, ["comment.edit"], []),
]


@pytest.mark.parametrize(
    ("there", "ledger", "does", "tells"), [case[1:] for case in COMMENT_CASES], ids=[c[0] for c in COMMENT_CASES]
)
def test_comments(there: list[str], ledger: Held | None, does: list[str], tells: list[str]) -> None:
    found = tuple(comment(body, 501 + place) for place, body in enumerate(there))
    done, disputed = difference(wanted(REPORT), comments=found, held=(ledger,) if ledger else ())
    assert kinds(done) == does
    assert [one.what for one in disputed.restored] == tells


def test_what_is_folded_and_what_is_edited_is_named_by_its_id() -> None:
    found = (comment(REPORT, 90), comment(OTHER, 40))
    done, _ = difference(wanted(REPORT), comments=found)
    assert [(one.kind, one.comment_id, one.body) for one in done] == [
        ("comment.delete", 90, ""),
        ("comment.edit", 40, REPORT),
    ]


def test_a_comment_that_is_only_kept_up_to_date_is_not_created_and_its_deletion_no_offence() -> None:
    assert difference(wanted(REPORT, only_if_there=True)) == ((), Disputes())
    assert difference(wanted(REPORT, only_if_there=True), held=(written(),)) == ((), Disputes())
    assert kinds(difference(wanted(REPORT, only_if_there=True), comments=(comment(OTHER),))[0]) == ["comment.edit"]


def test_a_comment_of_another_purpose_is_left_alone() -> None:
    foreign = comment(OTHER, 9).model_copy(update={"purpose": "judge"})
    assert kinds(difference(wanted(REPORT), comments=(foreign,))[0]) == ["comment.create"]


def test_three_restores_a_day_then_it_is_left_and_said() -> None:
    earlier = Restored(object="comment:report", what=EDITED, today=2, total=8, last_at=NOW - timedelta(hours=2))
    known = {"comments": (comment(OTHER),), "held": (written(),)}
    done, disputed = difference(wanted(REPORT), **known, restored=(earlier,))
    assert kinds(done) == ["comment.edit"]
    assert disputed.restored == (Restored(object="comment:report", what=EDITED, today=3, total=9, last_at=NOW),)
    done, disputed = difference(wanted(REPORT), **known, restored=(disputed.restored[0],))
    assert (done, disputed) == ((), Disputes(left=("comment:report",), alarms=("comment:report",)))
    yesterday = earlier.model_copy(update={"today": 0})
    assert kinds(difference(wanted(REPORT), **known, restored=(yesterday,))[0]) == ["comment.edit"]


def test_a_label_that_somebody_insists_on_is_left_but_the_others_are_not() -> None:
    insisted = Restored(object="label:judge/p3", what="", today=3, total=3, last_at=NOW)
    there = (seen("judge/p3", AGENT), seen("merge/auto", AGENT))
    done, disputed = difference(Plan(), labels=there, restored=(insisted,))
    assert [one.label for one in done] == ["merge/auto"]
    assert disputed.left == ("label:judge/p3",)


def test_an_action_says_in_words_what_it_does() -> None:
    done, _ = difference(
        wanted(REPORT), comments=(comment(OTHER, 4), comment(OTHER, 5)), labels=(seen("judge/p3", AGENT),)
    )
    assert [str(one) for one in done] == [
        "delete duplicate comment 5",
        "update comment 4",
        "remove label judge/p3",
    ]
