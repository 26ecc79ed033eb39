"""What the report says of a changed policy: the changes in words, the section's Markdown, the verdict."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.model import ChangedFile, Judgment, Memory, Report, Verdict
from bot.model.preview import Backtest, Preview, Shift, Trial
from bot.plan.policy_changes import MAX_NAMED, ORDER, WAITS, changes
from bot.plan.policy_report import policy_report, section
from bot.policy import PATH, TRUSTED_KEYS, Policy, load
from bot.preview.preview import Previews
from bot.store.database.session import Store
from bot.text.escape import visible
from tests.rendered import TRIGGERS, blocks, inlines, spoken, tokens, words
from tests.snapshots import LABELS, NOW, POLICY, PULL, inputs, snapshot

EVIL = "@operator #1 !2 <!-- x --> `x` | ](javascript:alert(1)) </details> https://x.y\n# Heading"
RULES = """
labels:
  rules:
    - {name: pumps, when: {paths: ["pumps/"]}, labels: [meta]}
    - {name: beds, when: {words: [bed]}, labels: [meta]}
"""


def told(old: str, new: str) -> tuple[str, ...]:
    return changes(load(old), load(new))


def trial(number: int = 3, **change: Any) -> Trial:
    values = {"number": number, "title": "Dig", "state": "open"}
    return Trial.model_validate(values | change)


def shifted(number: int = 3, **change: Any) -> Trial:
    shifts = (Shift(check="secret-leak", before="block", after="skip"),)
    return trial(number, **{"shifts": shifts, "labels_off": ("safety:secret-touch",)} | change)


def preview(*trials: Trial, **change: Any) -> Preview:
    values: dict[str, Any] = {
        "basis": "sha256:0",
        "at": NOW,
        "changes": ('labels.mode: changes from "on" to "off"',),
        "backtest": Backtest(trials=trials),
    }
    return Preview(**(values | change))


def reported(shown: Preview | None, **change: Any) -> Report:
    return policy_report(snapshot(**change), shown)


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("", "labels: {mode: off}", [f'labels.mode: changes from "on" to "off"{WAITS}']),
        ("judge: {model: oak}", "", [f'judge.model: changes from "oak" to empty{WAITS}']),
        ("judge: {stale-days: 3}", "", [f"judge.stale-days: changes from 3 to 30{WAITS}"]),
        ("operators: [ann]", "", [f'operators: changes from ["ann"] to not set{WAITS}']),
        ("agents: [ann, bo]", "agents: [bo, cy]", [f'agents: adds "cy", removes "ann"{WAITS}']),
        ("agents: [ann, bo]", "agents: [bo, ann]", [f"agents: {ORDER}{WAITS}"]),
        ("agents: [ann]", "agents: [ann, ann]", [f'agents: adds "ann"{WAITS}']),
        (RULES, "", [f'labels.rules: removes "pumps", "beds"{WAITS}']),
        (
            RULES,
            RULES.replace("bed]", "soil]"),
            [f'labels.rules["beds"].when.words: adds "soil", removes "bed"{WAITS}'],
        ),
    ],
)
def test_each_changed_key_is_one_sentence(old: str, new: str, sentences: list[str]) -> None:
    found = told(old, new)
    assert found == tuple(sentences)


def test_rules_that_only_move_are_told_to_have_moved() -> None:
    head, first, second = RULES.strip().rsplit("\n", 2)
    assert told(RULES, f"{head}\n{second}\n{first}") == (f"labels.rules: {ORDER}{WAITS}",)


def test_two_rules_of_one_name_are_told_apart_by_all_that_is_in_them() -> None:
    (sentence,) = told(RULES, RULES.replace("name: beds", "name: pumps"))
    assert sentence.startswith('labels.rules: adds {"name": "pumps", "when": {"words": ["bed"]}')
    assert 'removes {"name": "beds"' in sentence


def test_long_values_that_differ_at_their_end_alone_are_a_change_too() -> None:
    rule = RULES.replace("bed]", "x" * 100 + "]")
    assert len(told(rule, rule.replace("xx]", "xy]"))) == 1


def test_long_lists_are_counted_after_the_first_few() -> None:
    names = [f"agent{number}" for number in range(MAX_NAMED + 5)]
    (sentence,) = told("", yaml.safe_dump({"agents": names}))
    assert f'"agent{MAX_NAMED - 1}" and 5 more' in sentence


def test_what_is_trusted_and_nothing_else_waits_for_an_operator() -> None:
    other = {
        "operators": ("ann",),
        "agents": ("ann",),
        "writers": ("ann",),
        "secret-leak": {"mode": "off"},
        "judge": {"mode": "off"},
        "commands": {"mode": "off"},
        "labels": {"mode": "off"},
    }
    waiting = {
        one.partition(":")[0].partition(".")[0]
        for one in changes(Policy(), Policy.model_validate(other))
        if one.endswith(WAITS)
    }
    assert waiting == set(other)
    assert {name.replace("_", "-") for name in TRUSTED_KEYS} >= waiting


rules = st.fixed_dictionaries(
    {
        "name": st.text(st.characters(codec="utf-8"), min_size=1, max_size=60),
        "when": st.fixed_dictionaries({"words": st.lists(st.text("abc", min_size=1, max_size=80), max_size=3)}),
        "labels": st.lists(st.sampled_from(["meta", "kind/bug"]), min_size=1, max_size=2),
    }
)
policies = st.builds(
    lambda agents, found: Policy.model_validate({"agents": agents, "labels": {"rules": found}}),
    st.lists(st.sampled_from(["ann", "bo", "cy"]), max_size=4),
    st.lists(rules, max_size=4),
)


def twice(count: int) -> Policy:
    rule = {"name": "rain", "when": {"words": ["rain"]}, "labels": ["meta"]}
    return Policy.model_validate({"labels": {"rules": [rule] * count}})


@given(policies, policies)
@settings(max_examples=200)
@example(twice(1), twice(2))
def test_sentences_are_there_exactly_where_policies_differ_and_each_on_one_line(old: Policy, new: Policy) -> None:
    found = changes(old, new)
    assert bool(found) is (old != new)
    assert changes(old, old) == ()
    assert all(visible(sentence) == sentence for sentence in found)


def test_the_section_says_what_changes_and_what_would_have_been_said() -> None:
    shown = section(preview(shifted(), trial(2)))
    assert '`labels.mode`: changes from "on" to "off"' in shown
    assert "on 2 earlier pull requests: 1 with a different result. Run on 2026-03-01 12:30 UTC" in shown
    assert "- secret-leak: block → skip: 1 pull request" in shown
    assert "| `!3` Dig (open) | `secret-leak`: block → skip | `-safety:secret-touch` |  |" in shown
    assert "`!2`" not in shown
    assert blocks(shown).count("table") == 1


def test_the_merge_class_stands_in_its_own_column() -> None:
    shown = section(preview(trial(merge=("", "merge/manual"))))
    assert "|  |  | none → `merge/manual` |" in shown
    assert "- merge class: none → merge/manual: 1 pull request" in shown


def test_many_rows_are_folded_and_none_is_a_table_without_rows() -> None:
    assert "<details><summary>6 affected pull requests</summary>" in section(preview(*map(shifted, range(6))))
    same = section(preview(trial()))
    assert "none with a different result" in same
    assert "table" not in blocks(same)


def test_what_was_not_tried_is_said_with_its_reason() -> None:
    shown = section(preview(backtest=Backtest(trials=(trial(),), unreadable=2, large=1, late=3)))
    for words_ in (
        "2 not compared: the snapshot was stored by another version",
        "1 not compared: too many changed files",
        "3 not compared: the time limit was reached",
    ):
        assert words_ in shown
    assert "no earlier pull request that it could run on" in section(preview())


def test_a_change_of_words_alone_is_said_to_be_none_and_nothing_is_tried() -> None:
    shown = section(preview(changes=()))
    assert "**No change**" in shown
    assert "earlier" not in shown


def test_a_policy_that_is_taken_away_is_said_to_be_gone() -> None:
    assert section(preview(removed=True)).startswith("This pull request deletes `.forgejo/assay.yml`")


def test_hostile_names_stay_text() -> None:
    hostile = told(
        "", yaml.safe_dump({"labels": {"rules": [{"name": EVIL[:60], "when": {"words": [EVIL]}, "labels": [EVIL]}]}})
    )
    shown = section(
        preview(shifted(title=EVIL[:80], labels_on=(EVIL,), merge=(EVIL, "")), changes=(*hostile, f"{EVIL}: {EVIL}"))
    )
    assert "heading" not in blocks(shown)
    raw = {token.content for token in tokens(shown) if token.type in {"html_block", "html_inline"}}
    assert raw == set()
    assert not [token for token in tokens(shown) if token.type == "link_open"]
    assert TRIGGERS.search(spoken(shown)) is None
    rows = [line for line in inlines(shown) if "secret-leak" in words(line)]
    assert rows


def test_the_section_is_bounded_whatever_the_policy() -> None:
    long = tuple(f'labels.rules["{number}{"x" * 50}"].when.words: adds {"y" * 500}' for number in range(40))
    trials = tuple(
        shifted(number, title="t" * 80, labels_on=tuple("n" * 49 + str(i) for i in range(150))) for number in range(20)
    )
    assert len(section(preview(*trials, changes=long)).encode()) < 50_000


def test_a_policy_that_cant_be_used_blocks_with_each_mistake() -> None:
    report = reported(preview(problems=("p.yml:3: unknown key `mod`", "p.yml:9: x"), changes=()))
    assert (report.verdict, report.check) == (Verdict.BLOCK, "policy")
    assert [one.evidence for one in report.findings] == ["p.yml:3: unknown key `mod`", "p.yml:9: x"]
    assert report.summary == "invalid policy in this pull request: p.yml:3: unknown key `mod`"
    assert report.section == ""


def test_what_waits_for_an_operator_is_advice_and_what_doesnt_passes() -> None:
    assert reported(preview(shifted())).verdict is Verdict.PASS
    waits = reported(preview(shifted(), trial(2), changes=told("", "agents: [ann]")))
    assert waits.verdict is Verdict.ADVISE
    assert waits.summary == (
        "1 policy change; 1 of 2 earlier pull requests affected; "
        "security-relevant settings take effect once an operator trusts them"
    )


def test_rules_that_cant_be_followed_are_advice() -> None:
    report = reported(preview(warnings=('p.yml:6: the rule "x" uses "y", which isn\'t declared',)))
    assert (report.verdict, len(report.findings)) == (Verdict.ADVISE, 1)


def test_a_broken_default_branch_stays_an_error_where_this_change_is_fine() -> None:
    report = reported(preview(), policy_problems=("p.yml:1: broken",))
    assert (report.verdict, [one.evidence for one in report.findings]) == (Verdict.ERROR, ["p.yml:1: broken"])


def test_without_a_preview_the_report_is_on_the_default_branch_alone() -> None:
    assert reported(None).verdict is Verdict.PASS
    broken = reported(None, policy_problems=("p.yml:1: broken",))
    assert (broken.verdict, broken.judgment, broken.section) == (Verdict.ERROR, None, "")


def test_a_new_preview_is_kept_once_and_comes_back_as_it_was() -> None:
    made = preview(shifted(merge=("merge/auto", "merge/manual")))
    kept = reported(made).judgment
    assert kept is not None
    assert Preview.model_validate(kept.model_dump(mode="json")["content"]) == made
    assert reported(made, memory=Memory(judgments=(kept,))).judgment is None


async def test_a_kept_preview_that_cannot_be_read_is_made_anew_once(store: Store) -> None:
    async def read(_: str, commit: str) -> str:
        return "agents: [ann]" if commit == seen.head.sha else ""

    async def untouched(policy: Policy) -> Policy:
        return policy

    def judgment(made: Preview, *earlier: Judgment) -> Judgment | None:
        return policy_report(snapshot(memory=Memory(judgments=earlier)), made).judgment

    seen = inputs(files=(ChangedFile(path=PATH, status="changed"),))
    hours = iter(NOW.replace(hour=hour) for hour in range(24))
    previews = Previews(store, read, (), LABELS, untouched, lambda: next(hours))
    first = await previews.of(PULL, seen, POLICY, ())
    assert first is not None
    old = Judgment(check="policy", at=NOW, basis=first.basis, content={"of": "another version"})
    anew = await previews.of(PULL, seen, POLICY, (old,))
    assert anew is not None
    assert (anew.basis != first.basis, anew.changes) == (True, first.changes)
    kept = judgment(anew, old)
    assert kept is not None
    assert await previews.of(PULL, seen, POLICY, (old, kept)) == anew
    assert judgment(anew, old, kept) is None
