"""The profiles of labels: how many the bot sets, what is in each, and what a change takes off."""

import pytest

from bot.model import LabelSeen, Report
from bot.plan.actions import disputes, writes
from bot.plan.assessment import plan
from bot.policy import Policy
from bot.policy.labels import DOUBLES, PROFILES, profiles_table, within
from tests.snapshots import BOT, LABELS, NOW, WRITER, held, own, report, snapshot

EVERY = [label.name for label in LABELS.labels]


def policy(profile: str, **labels: object) -> Policy:
    return Policy.model_validate({"labels": {"profile": profile, **labels}})


def wanted(said: Report, profile: str, **labels: object) -> set[str]:
    labels_of = plan(snapshot(policy=policy(profile, **labels)), [said]).labels
    return {name for name, label in labels_of.items() if label.on}


def test_minimal_is_what_to_do_and_who_does_it() -> None:
    found = wanted(report(labels=dict.fromkeys(EVERY, True)), "minimal")
    assert {name.partition("/")[0].partition(":")[0] for name in found} == {"judge", "merge", "agent", "safety"}
    assert {name for name in found if name.startswith("safety:")} == {"safety:secret-touch"}


def test_standard_has_no_two_labels_that_say_the_same() -> None:
    found = wanted(report(labels=dict.fromkeys(EVERY, True)), "standard")
    assert not any(name.startswith(tuple(DOUBLES)) for name in found)
    assert {"kind/bug", "domain:ci", "size/tiny", "judge/operator-needed", "class/security-sensitive"} <= found


def test_full_is_everything() -> None:
    assert wanted(report(labels=dict.fromkeys(EVERY, True)), "full") == set(EVERY)


def test_each_profile_holds_the_smaller_one() -> None:
    sizes = [sum(within(name, profile) for name in EVERY) for profile in PROFILES]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1] < sizes[2] == len(EVERY)


def test_what_is_commanded_or_ruled_is_in_every_profile() -> None:
    said = report(labels={"kind/bug": True, "domain:ux": True, "size/tiny": True}, commanded={"kind/bug": NOW})
    rule = {"name": "ours", "when": {"paths": ["ui/"]}, "labels": ["domain:ux"]}
    assert wanted(said, "minimal", rules=[rule]) == {"kind/bug", "domain:ux"}


@pytest.mark.parametrize(("by", "removed"), [(BOT, ["size/tiny"]), (WRITER, [])])
def test_a_change_of_the_profile_takes_off_what_the_bot_put_on_and_nothing_else(by: str, removed: list[str]) -> None:
    there = own(
        labels=(LabelSeen(name="size/tiny", on=True, by=by, id=4, at=NOW),),
        held=(held("label:size/tiny", "on", "e1"),) if by == BOT else (),
    )
    seen = snapshot(policy=policy("minimal"), own=there)
    made = plan(seen, [report(check="labels", labels={"size/tiny": True}, status=False)])
    found = writes(made, seen, disputes(made, seen, LABELS), LABELS)
    assert [one.label for one in found if one.kind == "label.remove"] == removed


def test_the_table_names_every_profile() -> None:
    assert all(f"| `{profile}`" in profiles_table() for profile in PROFILES)
