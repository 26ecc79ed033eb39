"""Sync plans: existing labels in, changes out."""

from dataclasses import dataclass

import pytest

from bot.labels.catalog import LabelDef, LabelGroup, LabelSet
from bot.labels.sync_plan import LabelChange, plan_sync, shown


@dataclass(frozen=True)
class Existing:
    """A label on the server, as it should be unless a test says else."""

    id: int
    name: str
    color: str = "0e8a16"
    description: str = "Fine"
    exclusive: bool = False


def wanting(*names: str, **aliases: tuple[str, ...]) -> LabelSet:
    group = LabelGroup(name="all", description="All", exclusive=False, decision=False)
    labels = tuple(
        LabelDef(name=name, color="#0e8a16", description="Fine", group="all", aliases=aliases.get(name, ()))
        for name in names
    )
    return LabelSet(groups=(group,), labels=labels)


def steps(changes: tuple[LabelChange, ...]) -> list[tuple[str, str, int | None]]:
    return [(change.kind, change.name, change.id) for change in changes]


def test_a_repository_that_has_all_needs_nothing() -> None:
    assert plan_sync(wanting("ok"), [Existing(1, "ok"), Existing(2, "other")], None, prune=False) == ()


@pytest.mark.parametrize("color", ["#0E8A16", "0e8a16"])
def test_the_way_a_colour_is_written_is_no_difference(color: str) -> None:
    assert plan_sync(wanting("ok"), [Existing(1, "ok", color)], None, prune=False) == ()


def test_a_missing_label_is_created_whole() -> None:
    (change,) = plan_sync(wanting("ok"), [], None, prune=False)
    assert steps((change,)) == [("create", "ok", None)]
    assert change.fields == {"name": "ok", "color": "#0e8a16", "description": "Fine", "exclusive": False}
    assert change.text == 'create "ok" #0e8a16'


def test_only_what_differs_is_edited() -> None:
    there = Existing(7, "ok", "ffffff", "Old words", exclusive=True)
    (change,) = plan_sync(wanting("ok"), [there], None, prune=False)
    assert steps((change,)) == [("edit", "ok", 7)]
    assert change.fields == {"color": "#0e8a16", "description": "Fine", "exclusive": False}
    assert change.text == 'edit "ok": color "#ffffff" → "#0e8a16", description "Old words" → "Fine", exclusive off'


def test_an_earlier_name_is_renamed_and_keeps_its_id() -> None:
    (change,) = plan_sync(wanting("new", new=("old",)), [Existing(3, "old")], None, prune=False)
    assert steps((change,)) == [("rename", "new", 3)]
    assert change.fields == {"name": "new"}
    assert change.text == 'rename "old" to "new"'


def test_renaming_mends_the_rest_in_the_same_call() -> None:
    (change,) = plan_sync(wanting("new", new=("old",)), [Existing(3, "old", "ffffff")], None, prune=False)
    assert change.fields == {"name": "new", "color": "#0e8a16"}
    assert change.text == 'rename "old" to "new": color "#ffffff" → "#0e8a16"'


def test_another_case_of_the_name_is_renamed() -> None:
    assert steps(plan_sync(wanting("ok"), [Existing(3, "OK")], None, prune=False)) == [("rename", "ok", 3)]


def test_the_name_itself_goes_before_its_earlier_names() -> None:
    there = [Existing(1, "old"), Existing(2, "new")]
    (change,) = plan_sync(wanting("new", new=("old",)), there, None, prune=False)
    assert steps((change,)) == [("conflict", "old", None)]
    assert change.text == 'conflict: "old" duplicates "new"; relabel its uses, then delete it'


def test_of_two_earlier_names_the_first_listed_is_renamed_and_the_other_told() -> None:
    there = [Existing(1, "older"), Existing(2, "old")]
    changes = plan_sync(wanting("new", new=("old", "older")), there, None, prune=False)
    assert steps(changes) == [("rename", "new", 2), ("conflict", "older", None)]


def test_two_labels_of_one_name_are_left_to_a_human() -> None:
    there = [Existing(6, "ok", "ffffff"), Existing(7, "ok")]
    (change,) = plan_sync(wanting("ok"), there, (), prune=True)
    assert steps((change,)) == [("conflict", "ok", None)]
    assert (
        change.text
        == 'conflict: "ok" exists 2 times (ids 6, 7); keep one, relabel the uses of the others, then delete them'
    )
    assert change.fields == {}


def test_two_labels_of_an_earlier_name_are_left_to_a_human() -> None:
    there = [Existing(6, "old"), Existing(7, "old")]
    assert steps(plan_sync(wanting("new", new=("old",)), there, None, prune=False)) == [("conflict", "old", None)]


def test_unlisted_doubles_are_told_once() -> None:
    there = [Existing(6, "stray"), Existing(7, "stray")]
    assert steps(plan_sync(wanting(), there, None, prune=False)) == [("conflict", "stray", None)]


def test_pruning_deletes_what_is_neither_listed_nor_used() -> None:
    there = [Existing(1, "ok"), Existing(2, "used"), Existing(3, "spare"), Existing(4, "OK")]
    changes = plan_sync(wanting("ok"), there, {"used"}, prune=True)
    assert steps(changes) == [("delete", "OK", 4), ("delete", "spare", 3)]
    assert changes[1].text == 'delete "spare": not declared and not in use'


def test_nothing_is_deleted_unasked() -> None:
    assert plan_sync(wanting(), [Existing(3, "spare")], (), prune=False) == ()


def test_pruning_without_knowing_what_is_used_is_refused() -> None:
    with pytest.raises(ValueError, match="names of all labels in use"):
        plan_sync(wanting(), [Existing(3, "spare")], None, prune=True)


def test_the_order_of_the_server_s_answer_changes_nothing() -> None:
    there = [Existing(1, "b"), Existing(2, "A"), Existing(3, "a"), Existing(4, "b")]
    wanted = wanting("a", "c", c=("b",))
    assert plan_sync(wanted, there, None, prune=False) == plan_sync(wanted, there[::-1], None, prune=False)


def test_a_plan_that_was_carried_out_leaves_nothing_to_do() -> None:
    wanted = LabelSet.load()
    there = [Existing(5, "docs", "0075cb", "docs only"), Existing(1, "Judge/P0"), Existing(8, "stray")]
    after = {label.id: label for label in there}
    for number, change in enumerate(plan_sync(wanted, there, (), prune=True), start=100):
        if change.kind == "delete":
            del after[change.id or 0]
            continue
        old = after.get(change.id or 0, Existing(number, ""))
        after[old.id] = Existing(**{**vars(old), **change.fields})
    assert plan_sync(wanted, list(after.values()), (), prune=True) == ()
    assert (after[5].name, after[1].name) == ("docs", "judge/p0")


def test_a_hostile_name_stays_one_plain_line() -> None:
    there = [Existing(1, "a\n\x1b[2Jdone\u202e"), Existing(2, "x" * 500)]
    changes = plan_sync(wanting(), there, (), prune=True)
    assert changes[0].text == 'delete "a\\n\\x1b[2Jdone\\u202e": not declared and not in use'
    assert len(changes[1].text) < 140


def test_a_colour_that_is_none_is_put_right() -> None:
    (change,) = plan_sync(wanting("ok"), [Existing(1, "ok", "")], None, prune=False)
    assert change.fields == {"color": "#0e8a16"}


def test_long_texts_are_cut_for_people() -> None:
    assert shown("x" * 80) == '"' + "x" * 80 + '"'
    assert shown("x" * 81) == '"' + "x" * 79 + '…"'
