"""Labels by rule: who decides, exclusive groups, what people said and did, and hostile input."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Decision, Kind, Severity, Target, Verdict
from bot.policy import JudgePolicy, LabelRule, LabelsPolicy, Policy, When
from handlers.labels.check import CHECK, OFF, OUTSIDE, STAYS, UNAPPLIED
from tests.handlers.labels.labelling import NO_DEFAULTS, files, labels, report, rule, ruled, said
from tests.snapshots import ISSUE, OUTSIDER, PULL, TOOLS, leak, snapshot
from tests.snapshots import LABELS as DECLARED


async def test_of_one_group_the_repository_s_own_rule_wins_and_then_the_first() -> None:
    policy = ruled(rule("size/large", name="first"), rule("size/tiny", "meta", name="second"))
    found = await report(policy=policy)
    assert {name for name, on in found.labels.items() if on and name.startswith("size/")} == {"size/large"}
    assert found.labels["size/tiny"] is False
    assert found.labels["meta"] is True
    assert found.label_bases["size/large"] == 'rule "first": always'


async def test_without_the_built_in_rules_only_the_repository_s_hold() -> None:
    assert await labels(policy=ruled(rule("meta"), **NO_DEFAULTS)) == {"meta"}


async def test_switched_off_it_says_nothing() -> None:
    found = await report(policy=ruled(rule("meta"), mode="off"))
    assert (found.verdict, found.summary, found.labels, found.shown) == (Verdict.SKIP, OFF, {}, False)


async def test_a_command_says_when_it_was_given_for_the_whole_group() -> None:
    asked = said("label", "size/small")
    found = await report(decisions=(asked,))
    group = {"size/small", *DECLARED.exclusive_peers("size/small")}
    assert {name: at for name, at in found.commanded.items() if at == asked.at}.keys() == group


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere", 'undeclared label "nowhere". Declare it'),
        ("judge/p0", 'decision label "judge/p0"'),
        ("Judge/P9", 'undeclared label "Judge/P9"'),
    ],
)
async def test_what_no_rule_may_set_is_told_with_its_mend_and_never_set(name: str, told: str) -> None:
    found = await report(policy=ruled(rule(name, "meta"), **NO_DEFAULTS))
    assert found.labels == {"meta": True}
    assert [told in note for note in found.notes] == [True]
    assert (found.verdict, found.shown) == (Verdict.PASS, True)
    elsewhere = await report(policy=ruled(rule(name, words=["wet"]), **NO_DEFAULTS))
    assert elsewhere.notes == ()


async def test_a_command_goes_before_rules_and_the_last_word_on_a_label_counts() -> None:
    found = await report(
        title="feat: x",
        decisions=(
            said("label", "size/small\nmeta"),
            said("label", "size/large", number=2),
            said("unlabel", "meta", number=3),
            said("unlabel", "kind/feature", number=4),
            said("label", "domain:ux", number=5, refused="no"),
        ),
    )
    chosen = ("size/small", "size/large", "size/unknown", "meta", "kind/feature")
    assert [found.labels[name] for name in chosen] == [False, True, False, False, False]
    assert "domain:ux" not in found.labels
    assert found.label_bases["size/large"] == "/label in comment 2, line 1"
    assert "| `size/large` | `/label` | operator wrote /label |" in found.explanation
    assert "| `meta` off | `/unlabel` |" in found.explanation


async def test_what_is_said_of_the_judge_s_labels_is_the_judge_s_while_there_is_one() -> None:
    word = (said("label", "judge/p0\nmode:safe-auto"),)
    found = (await report(decisions=word)).labels
    assert (found["mode:safe-auto"], "judge/p0" in found) == (True, False)
    alone = await report(decisions=word, policy=Policy(judge=JudgePolicy(mode="off")))
    assert (alone.labels["judge/p0"], alone.labels["judge/p1"]) == (True, False)


async def test_after_a_command_takes_a_label_no_rule_gives_another_of_its_group() -> None:
    found = await report(decisions=(said("label", "size/small"), said("unlabel", "size/unknown", number=2)))
    assert {name: on for name, on in found.labels.items() if name in {"size/small", "size/unknown"}} == {
        "size/small": True,
        "size/unknown": False,
    }
    held = await labels(decisions=(said("hold"), said("unlabel", "flow/blocked", number=2)))
    assert not any(name.startswith("flow/") for name in held)


async def test_the_label_of_secrets_is_left_to_the_check_that_found_them() -> None:
    touching = {"files": files("secrets/x.yaml"), "decisions": (said("unlabel", "safety:secret-touch"),)}
    found = await report(leaks=(leak(),), **touching)
    assert "safety:secret-touch" not in found.labels
    assert found.notes == (STAYS,)
    assert (await report(**touching)).labels["safety:secret-touch"] is False
    assert (await report(files=files("secrets/x.yaml"))).labels["safety:secret-touch"] is True
    assert "safety:secret-touch" not in (await report()).labels


async def test_a_warning_rests_on_its_files_and_anything_else_on_its_patterns() -> None:
    one = (await report(files=files(".ci/a"))).label_bases
    more = (await report(files=files(".ci/a", ".ci/b"))).label_bases
    assert one["domain:ci"] == more["domain:ci"] == 'rule "ci by path": paths .ci/'
    assert one["risk/process"] == 'rule "checks and reviews by path": paths .ci/; in .ci/a'
    assert (await report(title="fix(auth): x")).label_bases["class/security-sensitive"].endswith(": scope auth")
    assert more["risk/process"] == 'rule "checks and reviews by path": paths .ci/; in .ci/a, .ci/b'


async def test_the_report_says_labels_and_has_no_status() -> None:
    full = Policy(labels=LabelsPolicy(profile="full"))
    found = await report(ISSUE, title="fix: leak", author=OUTSIDER, policy=full)
    assert found.summary == "4 labels: kind/bug, type:bug, source/manual, flow/intake"
    few = await report(ISSUE, title="fix: leak", author=OUTSIDER)
    assert (few.summary, few.labels) == (OUTSIDE.format(profile="minimal"), found.labels)
    assert (found.verdict, found.status, found.shown) == (Verdict.PASS, False, True)
    assert "| `kind/bug` | a fix | type fix |" in found.explanation
    assert set(found.label_bases) == set(found.labels)


# Hostile and random input.

NAMES = sorted(name for name in DECLARED.names if not DECLARED.is_decision(name))
RULES = st.lists(st.builds(lambda names: rule(*names), st.lists(st.sampled_from(NAMES), min_size=1)), max_size=6)
SAID = st.lists(
    st.builds(said, st.sampled_from(["label", "unlabel", "hold", "unhold"]), st.sampled_from(NAMES), st.integers(1, 9)),
    max_size=6,
)


@given(RULES, SAID, st.lists(st.sampled_from(NAMES), max_size=3), st.booleans(), st.sampled_from([PULL, ISSUE]))
async def test_never_are_two_of_one_exclusive_group_on(
    rules: list[LabelRule], decisions: list[Decision], there: list[str], draft: bool, target: Target
) -> None:
    found = (
        await report(
            target, policy=ruled(*rules), decisions=tuple(decisions), labels=tuple(there), draft=draft, title="fix: x"
        )
    ).labels
    for name, on in found.items():
        peers = DECLARED.exclusive_peers(name) if on else ()
        assert not any(found.get(peer) for peer in peers)
        assert all(found[peer] is False for peer in peers)


@given(st.text(max_size=300), st.text("#>-*`<!- \nab|[]@", max_size=500), st.text(min_size=1, max_size=200))
async def test_any_text_is_labelled_and_none_breaks_the_table(title: str, body: str, path: str) -> None:
    policy = ruled(rule("meta", name="a | b\n# c @codex", title=["*"]))
    found = await report(title=title, body=body, files=files(path), policy=policy)
    table = found.explanation.splitlines()
    assert all(line.startswith("| ") and line.endswith(" |") for line in table)
    assert all(line.replace("\\|", "").count("|") == 4 for line in table)
    assert "@codex" not in found.explanation


HOSTILE = [
    pytest.param({"title": "*a*a*a*a*b", "words": "a"}, {"title": "a" * 100_000, "body": "a " * 50_000}, id="stars"),
    pytest.param({"paths": "*a*a*a*a*b"}, {"files": files(*("a" * 900 + str(n) for n in range(100)))}, id="paths"),
    pytest.param({"paths": "**/a/**/a/**/b"}, {"files": files("a/" * 2000 + "c")}, id="folders"),
    pytest.param({"sections": "*"}, {"body": "# a\n" * 25_000}, id="headings"),
    pytest.param({"sections": "*"}, {"body": "> " * 50_000}, id="quotes"),
    pytest.param({"sections": "*x*x*y"}, {"body": f"# {'x' * 90_000}\n\na"}, id="one heading"),
    pytest.param({"type": "fix"}, {"title": "[wip] " * 20_000}, id="prefixes"),
    pytest.param({"type": "fix"}, {"title": "fix(" + "(" * 90_000}, id="brackets"),
]


@pytest.mark.parametrize(("when", "change"), HOSTILE)
async def test_hostile_texts_and_patterns_are_answered_in_time(when: dict[str, str], change: dict[str, Any]) -> None:
    policy = ruled(rule("meta", **{name: (pattern,) for name, pattern in when.items()}))
    seen = snapshot(policy=policy, **change)
    began = time.process_time()
    assert (await CHECK.assess(seen, TOOLS)).verdict is Verdict.PASS
    assert time.process_time() - began < 3


async def test_the_largest_pull_request_that_is_read_is_labelled_in_time() -> None:
    seen = snapshot(files=files(*(f"src/part{n % 40}/deep{n}/file{n}.py" for n in range(3000))))
    began = time.process_time()
    assert (await CHECK.assess(seen, TOOLS)).labels["size/large"] is True
    assert time.process_time() - began < 5


PLAIN = tuple(f"services/part{n % 40}/src/module_{n}/file_{n}.py" for n in range(3000))
DEEP = tuple("/".join(f"d{n}x{depth}" for depth in range(400)) for n in range(3000))
LONG = tuple("/".join(f"{'a' * 200}{n}_{depth}" for depth in range(15)) for n in range(190))


@pytest.mark.parametrize(
    ("patterns", "paths"),
    [
        ([], DEEP),
        ([f"**/d{n}*/**/q*/z" for n in range(1000)], DEEP),
        (["**/" + "*/**/" * 30 + f"b{n}" for n in range(1000)], DEEP),
        (["*" + "a" * 190 + f"?b{n}" for n in range(1000)], LONG),
        ([f"?*_{n}.p?" for n in range(1000)], PLAIN),
    ],
)
async def test_what_is_too_much_to_be_asked_is_an_error_and_soon(patterns: list[str], paths: tuple[str, ...]) -> None:
    seen = snapshot(policy=ruled(*ruling(patterns)), files=files(*paths))
    began = time.process_time()
    found = await CHECK.assess(seen, TOOLS)
    assert time.process_time() - began < 4
    assert (found.verdict, found.status, found.findings) == (Verdict.ERROR, True, (UNAPPLIED,))


async def test_a_thousand_patterns_are_asked_of_the_largest_pull_request() -> None:
    patterns = [f"*.kind{n}" for n in range(499)] + [f"docs/part{n}/**/*.md" for n in range(500)] + ["file_2999.*"]
    seen = snapshot(policy=ruled(*ruling(patterns)), files=files(*PLAIN))
    began = time.process_time()
    found = await CHECK.assess(seen, TOOLS)
    assert time.process_time() - began < 3
    assert (found.verdict, found.status, found.labels["meta"]) == (Verdict.PASS, False, True)


async def test_headings_and_patterns_that_are_too_many_are_an_error_and_soon() -> None:
    sections = [rule("meta", name=f"{n}", sections=[f"*{'x' * 150}?{m}{n}" for m in range(100)]) for n in range(10)]
    seen = snapshot(policy=ruled(*sections), body="".join(f"# {'x' * 190}{n}\n\na\n" for n in range(300)))
    began = time.process_time()
    assert (await CHECK.assess(seen, TOOLS)).verdict is Verdict.ERROR
    assert time.process_time() - began < 3


def ruling(patterns: list[str]) -> list[LabelRule]:
    return [rule("meta", name=f"{n}", paths=patterns[n : n + 100]) for n in range(0, len(patterns), 100)]


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ("secrets", {severity.value for severity in Severity}),
        ("kind", {kind.value for kind in Kind}),
        ("size", {name.removeprefix("size/") for name in DECLARED.names if name.startswith("size/")}),
        ("tier", {name.removeprefix("tier/") for name in DECLARED.names if name.startswith("tier/")}),
    ],
)
def test_a_condition_takes_the_words_that_there_are(condition: str, known: set[str]) -> None:
    assert set(When.model_json_schema()["properties"][condition]["items"]["enum"]) == known
