"""The merge classification: each reason with its label, their order, and that exactly one `merge/` label is on."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Actor, AddedLines, Gap, Kind, Report, Snapshot, Verdict
from bot.plan.assessment import assess, plan
from handlers import secret_leak
from handlers.guards.check import CHECKS
from handlers.merge.check import CHECK
from handlers.merge.overrides import AUTO, CLASSES
from handlers.merge.reasons import MODES, REASONS, reasons_table
from tests.handlers.guards.guarding import (
    GREEN,
    clean,
    deleted,
    file,
    files,
    policy,
    report,
    review,
    rules,
    said,
    status,
)
from tests.handlers.merge.merge_cases import CASES, FINE, OPERATOR_ONLY, SAFE, ZONED
from tests.snapshots import LABELS, NOW, TOOLS, WRITER, leak, snapshot


def on(found: Report, group: tuple[str, ...] = CLASSES) -> list[str]:
    return [name for name in group if found.labels[name]]


async def merged(observed: Snapshot) -> Report:
    return await report(CHECK, observed)


def later(observed: Snapshot, found: Report, minutes: int = 60, **change: Any) -> Snapshot:
    """The snapshot of a later look: what was judged is remembered, and something may have changed."""
    judged = (found.judgment,) if found.judgment else ()
    memory = observed.memory.model_copy(update={"judgments": (*observed.memory.judgments, *judged)})
    inputs = observed.inputs.model_copy(update=change)
    return observed.model_copy(
        update={"memory": memory, "inputs": inputs, "taken_at": observed.taken_at + timedelta(minutes=minutes)}
    )


@pytest.mark.parametrize(("seen", "reason", "label", "mode"), CASES.values(), ids=CASES)
async def test_each_reason_gives_its_label(seen: dict[str, Any], reason: str, label: str, mode: str) -> None:
    found = await merged(clean(**seen))
    assert rules(found) == [reason]
    assert (on(found), on(found, MODES)) == ([label], [mode])
    assert found.labels["automerge-candidate"] is False
    assert found.verdict in {Verdict.ADVISE, Verdict.PENDING}
    assert found.summary.startswith(f"{label}: ")
    assert found.data["reasons"] == [{"reason": reason, "label": label, "says": found.data["reasons"][0]["says"]}]


@pytest.mark.parametrize("seen", FINE.values(), ids=FINE)
async def test_where_nothing_stands_against_it_a_machine_may_merge(seen: dict[str, Any]) -> None:
    found = await merged(clean(**seen))
    assert (rules(found), on(found), on(found, MODES)) == ([], [AUTO], [SAFE])
    assert found.labels["automerge-candidate"] is True
    assert (found.verdict, found.status, found.again) == (Verdict.PASS, False, 30.0)


def test_every_reason_is_tried_and_the_table_tells_their_order() -> None:
    assert {case[1] for case in CASES.values()} == {reason.name for reason in REASONS}
    places = [reasons_table().index(f"| `{reason.name}` |") for reason in REASONS]
    assert all(one < other for one, other in pairwise(places))


async def test_a_team_names_whose_agreement_is_enough() -> None:
    named = policy(merge={"mode": "on", "agreed": "patchwarden-iskra"})
    found = await merged(clean(policy=named, conflict=True))
    modes = [name for name, is_on in found.labels.items() if is_on and name.startswith("mode:")]
    assert modes == ["mode:patchwarden-iskra-approved"]
    assert "mode:agents-approved" not in found.labels


def test_the_labels_are_those_that_are_declared() -> None:
    merge = {label.name for label in LABELS.labels if label.group == "merge"}
    modes = {label.name for label in LABELS.labels if label.group == "mode"}
    assert (set(CLASSES), {*MODES, "mode:patchwarden-iskra-approved"}) == (merge, modes)
    assert {reason.label for reason in REASONS} == merge - {AUTO}
    assert {*CHECK.labels} == {*merge, *modes, "automerge-candidate"}
    assert CHECK.on == {Kind.PULL}


def all_of(*names: str) -> dict[str, Any]:
    """What several cases observe at once."""
    seen: dict[str, Any] = {}
    for name in names:
        for key, value in CASES[name][0].items():
            known = seen.get(key)
            if isinstance(value, dict):
                seen[key] = {**(known or {}), **{k: v for k, v in value.items() if GREEN.get(k) != v}}
            elif isinstance(value, tuple) and known and key != "reviews":
                seen[key] = (*known, *value)
            else:
                seen[key] = value
    if "verdicts" in seen:
        seen["verdicts"] = {**GREEN, **seen["verdicts"]}
    return seen


ORDER = (
    "a secret that was found", "the red zone", "a conflict", "a required context that failed", "no review",
    "a label that says blocked", "a blocked module", "a hold", "something that wasn't looked at", "a draft",
)  # fmt: skip


@pytest.mark.parametrize(("first", "second"), list(pairwise(ORDER)))
async def test_of_two_reasons_the_earlier_gives_the_label_and_both_are_told(first: str, second: str) -> None:
    found = await merged(clean(**all_of(first, second)))
    assert rules(found) == [CASES[first][1], CASES[second][1]]
    assert on(found) == [CASES[first][2]]


async def test_the_strictest_mode_counts_whatever_the_label() -> None:
    found = await merged(clean(**all_of("no review", "a hold")))
    assert (on(found), on(found, MODES)) == (["merge/manual-missing-review"], [OPERATOR_ONLY])


async def test_all_contexts_that_failed_are_named() -> None:
    statuses = (status("a", "failure"), status("b", "error"), status("c"))
    found = await merged(clean(required=("a", "b", "c"), statuses=statuses, verdicts={**GREEN, "base": "block"}))
    assert [one.title for one in found.findings[:2]] == ["Failed status: a, b", "Failed status: assay/base"]
    assert [one.actor for one in found.findings[:2]] == [Actor.AUTHOR, Actor.NOBODY]


async def test_where_all_that_is_missing_may_come_by_itself_the_report_waits() -> None:
    found = await merged(clean(required=("ci",), statuses=(status("ci", "pending"),), conflict=None))
    assert found.verdict is Verdict.PENDING
    found = await merged(clean(required=("ci",), statuses=(status("ci", "pending"),), reviews=()))
    assert found.verdict is Verdict.ADVISE


@pytest.mark.parametrize(("hours", "seconds"), [(0, 30), (1, 1800), (100, 3600)])
async def test_what_may_end_by_itself_is_looked_at_again_ever_more_rarely(hours: int, seconds: int) -> None:
    found = await merged(clean(conflict=None, memory={"updated_at": NOW - timedelta(hours=hours)}))
    assert found.again == seconds


async def test_a_writer_takes_no_warning_of_a_rule_away() -> None:
    seen = {"files": files("secrets/app.yml")}
    both = said("unlabel", "class/security-sensitive\nsafety:secret-touch", by=WRITER)
    assert on(await merged(clean(**seen, decisions=(both,)))) == ["merge/manual-security-sensitive"]
    both = both.model_copy(update={"by": "operator"})
    assert on(await merged(clean(**seen, decisions=(both,)))) == [AUTO]


async def test_where_nothing_is_labelled_by_rule_only_labels_that_are_there_count() -> None:
    off = policy(merge={"mode": "on"}, labels={"mode": "off"})
    assert on(await merged(clean(policy=off, files=files("auth/login.py")))) == [AUTO]
    found = await merged(clean(policy=off, labels=("class/security-sensitive",)))
    assert on(found) == ["merge/manual-security-sensitive"]


async def test_an_operators_manual_label_holds_until_he_says_another_thing() -> None:
    chosen = said("label", "merge/manual-red-zone")
    first = clean(decisions=(chosen,), reviews=())
    found = await merged(first)
    assert on(found) == ["merge/manual-red-zone"]
    assert rules(found) == ["missing-review", "operator-preference"]
    assert found.commanded[AUTO] == chosen.at
    assert [note.partition(". ")[2] for note in found.notes] == ["It stays until the next command."]
    second = later(first, found, reviews=(review(),))
    assert on(await merged(second)) == ["merge/manual-red-zone"]
    back = said("unlabel", "merge/manual-red-zone", 2)
    assert on(await merged(later(second, found, decisions=(chosen, back)))) == [AUTO]


async def test_an_operators_merge_auto_holds_while_what_was_found_stays() -> None:
    first = clean(reviews=())
    found = await merged(first)
    assert on(found) == ["merge/manual-missing-review"]
    chosen = said("label", AUTO, at=NOW + timedelta(minutes=30))
    second = later(first, found, decisions=(chosen,))
    found = await merged(second)
    assert (on(found), on(found, MODES), rules(found)) == ([AUTO], [SAFE], ["missing-review"])
    assert "by command" in found.notes[0]
    assert found.notes[0].endswith("It stays until the reasons change.")
    assert found.judgment is None
    third = later(second, found, conflict=True)
    found = await merged(third)
    assert on(found) == ["merge/manual-merge-conflict"]
    assert found.judgment is not None
    assert on(await merged(later(third, found))) == ["merge/manual-merge-conflict"]


async def test_merge_auto_gives_way_to_a_later_hold() -> None:
    first = clean(reviews=())
    found = await merged(first)
    words = (said("label", AUTO), said("hold", number=2, by=WRITER))
    assert on(await merged(later(first, found, decisions=words))) == ["merge/manual-missing-review"]


async def test_merge_auto_holds_after_another_label_was_commanded_before() -> None:
    first = clean(reviews=(), decisions=(said("label", "merge/manual"),))
    found = await merged(first)
    words = (*first.inputs.decisions, said("label", AUTO, 2, at=NOW + timedelta(minutes=5)))
    assert on(await merged(later(first, found, decisions=words))) == [AUTO]


async def test_modes_and_candidates_are_the_operators_too() -> None:
    first = clean()
    found = await merged(first)
    words = (said("label", "mode:operator-only"), said("unlabel", "automerge-candidate", 2))
    second = later(first, found, decisions=tuple(one.model_copy(update={"at": NOW}) for one in words))
    found = await merged(second)
    assert (on(found), on(found, MODES), found.labels["automerge-candidate"]) == ([AUTO], [OPERATOR_ONLY], False)


async def test_nothing_new_is_no_new_judgment_and_its_labels_rest_on_the_same() -> None:
    first = clean(reviews=())
    one = await merged(first)
    other = await merged(later(first, one))
    assert one.judgment is not None
    assert other.judgment is None
    assert all(one.evidence_for(name) == other.evidence_for(name) for name in CLASSES)
    changed = await merged(later(first, one, conflict=True))
    assert all(one.evidence_for(name) != changed.evidence_for(name) for name in CLASSES)


async def test_off_it_says_nothing() -> None:
    found = await merged(clean(policy=policy()))
    assert (found.verdict, found.labels, found.shown, found.status) == (Verdict.SKIP, {}, False, False)


async def test_the_verdicts_of_the_same_pass_are_what_it_judges_by() -> None:
    checks = (secret_leak.CHECK, *CHECKS, CHECK)
    rules_ = policy(merge={"mode": "on"}, guards={"docs-drift": {"mode": "block"}, "modes": {"mode": "block"}})
    seen = {
        "policy": rules_, "reviews": (review(),), "conflict": False, "files": (file("a.sh", new_mode="100755"),),
        "required": ("assay/secret-leak", "assay/modes"),
    }  # fmt: skip
    done = await assess(snapshot(**seen), checks, TOOLS)
    assert done.snapshot.memory.verdicts == {"secret-leak": "pass", "docs-drift": "pass", "modes": "block"}
    wanted = plan(done.snapshot, done.reports)
    assert [name for name in CLASSES if wanted.labels[name].on] == ["merge/manual-failing-tests"]
    assert "assay/merge" not in {one.context for one in wanted.statuses}
    done = await assess(snapshot(**seen, leaks=(leak(),)), checks, TOOLS)
    assert on(done.reports[-1]) == ["merge/manual-security-sensitive"]
    assert on((await assess(snapshot(**seen | {"files": (file("a.py"),)}), checks, TOOLS)).reports[-1]) == [AUTO]


WORDS = st.builds(
    said,
    st.sampled_from(["label", "unlabel", "hold", "unhold", "park"]),
    st.sampled_from([*CLASSES, *MODES, "automerge-candidate", "class/security-sensitive", "", "merge/other"]),
    st.integers(1, 9),
    at=st.sampled_from([NOW, NOW + timedelta(hours=2)]),
)
OBSERVED = st.fixed_dictionaries(
    {
        "verdicts": st.dictionaries(
            st.sampled_from(["secret-leak", "scope", "red-zone", "modes", "contract", "commands"]),
            st.sampled_from([verdict.value for verdict in Verdict]),
        ),
        "policy": st.sampled_from([ZONED, policy(merge={"mode": "on", "auto": "off", "approvals": 0})]),
        "conflict": st.sampled_from([None, False, True]),
        "reviews": st.sampled_from([(), (review(),), (review(), review(WRITER, "changes"))]),
        "files": st.sampled_from([(), files("a.py"), files("deploy/a"), (deleted("secrets/a"),)]),
        "required": st.sampled_from([(), ("ci",), ("assay/*", "ci")]),
        "statuses": st.lists(st.builds(status, st.sampled_from(["ci", "x"]), st.text(max_size=8)), max_size=3).map(
            tuple
        ),
        "labels": st.lists(st.sampled_from(sorted(LABELS.names)), max_size=3).map(tuple),
        "decisions": st.lists(WORDS, max_size=4).map(tuple),
        "gaps": st.sampled_from([(), (Gap(what="the commits", why="no answer"),)]),
        "body": st.sampled_from(["", "Depends on #5", "Stacked on !3"]),
        "draft": st.booleans(),
        "added": st.sampled_from([(), (AddedLines(path="a.py", start=1, text="verify=False"),)]),
    }
)


@settings(max_examples=150)
@given(st.lists(OBSERVED, min_size=1, max_size=3))
async def test_whatever_is_seen_exactly_one_of_each_group_is_on(looks: list[dict[str, Any]]) -> None:
    observed = clean(**looks[0])
    for evaluation in looks:
        change = {name: value for name, value in evaluation.items() if name not in {"verdicts", "policy"}}
        found = await merged(observed)
        assert len(on(found)) == len(on(found, MODES)) == 1
        assert set(found.labels) == {*CLASSES, *MODES, "automerge-candidate"}
        assert found.labels[AUTO] <= (not found.findings or "merge/auto" in "".join(found.notes))
        observed = later(observed, found, **change)
