"""The label lint: one finding per weakness, and none for the file that comes with the program."""

from bot.labels.catalog import LabelDef, LabelGroup, LabelSet
from bot.labels.lint import lint_labels, rule_faults
from bot.policy import LabelRule, LabelsPolicy, When

GROUPS = (
    LabelGroup(name="size", description="How much", exclusive=True, decision=False),
    LabelGroup(name="topic", description="What about", exclusive=False, decision=False),
)


def label(name: str, color: str = "#0e8a16", group: str = "size", description: str = "Fine") -> LabelDef:
    return LabelDef(name=name, color=color, group=group, description=description)


def findings(*labels: LabelDef, rules: dict[str, list[str]] | None = None) -> list[tuple[str, str, str]]:
    found = lint_labels(LabelSet(groups=GROUPS, labels=labels), rules or {})
    return [(finding.level, finding.rule, finding.subject) for finding in found]


def test_the_shipped_file_has_no_weakness() -> None:
    assert lint_labels(LabelSet.load(), {"secret-leak": ["safety:secret-touch"]}) == ()


def test_colours_of_an_exclusive_group_have_to_be_told_apart() -> None:
    assert findings(label("a", "#0e8a16"), label("b", "#0d8514")) == [("warning", "alike-colours", "a")]
    assert findings(label("a", "#0e8a16"), label("b", "#b60205")) == []


def test_one_colour_may_serve_a_group_that_is_not_exclusive() -> None:
    assert findings(label("a", group="topic"), label("b", group="topic")) == []


def test_colours_of_two_groups_have_to_differ_whatever_the_labels_order() -> None:
    shared = [label("a", group="topic"), label("b", group="size"), label("c", group="topic")]
    assert findings(*shared) == [("warning", "alike-colours", "a")]


def test_steps_within_a_group_need_more_than_groups_among_each_other() -> None:
    near = ("#0e8a16", "#1f9a2a")  # a difference between 4 and 8
    assert findings(label("a", near[0]), label("b", near[1])) == [("warning", "alike-colours", "a")]
    assert findings(label("a", near[0]), label("b", near[1], group="topic")) == []


def test_a_finding_says_what_to_do() -> None:
    (finding,) = lint_labels(LabelSet(groups=GROUPS, labels=(label("a", "#000"), label("b", "#000"))), {})
    assert finding.text == '"a" #000 and "b" #000 look alike (difference 0.0, required 8); change one'


def test_a_colour_that_text_cannot_be_read_on() -> None:
    assert findings(label("a", "#ff0000")) == [("warning", "unreadable", "a")]


def test_words_are_there_short_and_on_one_line() -> None:
    assert findings(label("a", description=" ")) == [("warning", "no-description", "a")]
    assert findings(label("a", description="x" * 200)) == []
    assert findings(label("a", description="x" * 201)) == [("warning", "long-description", "a")]
    assert findings(label("a", description="two\nlines")) == [("warning", "odd-description", "a")]


def test_a_label_that_a_rule_uses_has_to_be_declared() -> None:
    labels = LabelSet(groups=GROUPS, labels=(label("size/small"),))
    found = lint_labels(labels, {"size": ["size/small", "size/smal", "size/smal"], "other": ["elsewhere"]})
    assert [finding.text for finding in found] == [
        'the rule "other" uses the undeclared label "elsewhere"; declare it, or remove it from the rule',
        'the rule "size" uses the undeclared label "size/smal"; did you mean "size/small"?',
    ]


def test_faults_are_shown_beside_the_rest_errors_first() -> None:
    assert findings(label("b", description=""), label("a", "red", "nowhere")) == [
        ("error", "bad-colour", "a"),
        ("error", "unknown-group", "a"),
        ("warning", "no-description", "b"),
    ]


def rule_findings(*rules: tuple[str, ...]) -> list[tuple[str, str, tuple[str | int, ...]]]:
    labels = LabelSet(
        groups=(*GROUPS, LabelGroup(name="judge", description="Who", exclusive=True, decision=True)),
        labels=(label("size/a"), label("size/b"), label("t", group="topic"), label("judge/p0", group="judge")),
    )
    policy = LabelsPolicy(
        rules=tuple(LabelRule(name=f"r{n}", when=When(), labels=names) for n, names in enumerate(rules))
    )
    return [(finding.rule, finding.subject, place) for place, finding in rule_faults(labels, policy)]


def test_what_a_policy_s_rule_cant_set_is_found_with_its_place() -> None:
    assert rule_findings(("t", "size/a"), ("size/b",)) == []
    assert rule_findings(("t",), ("t", "nowhere", "judge/p0", "judge/p9")) == [
        ("undeclared", "nowhere", ("labels", "rules", 1, "labels", 1)),
        ("decision", "judge/p0", ("labels", "rules", 1, "labels", 2)),
        ("undeclared", "judge/p9", ("labels", "rules", 1, "labels", 3)),
    ]
    assert rule_findings(("size/a", "size/b", "t")) == [
        ("two-of-one-group", "size/b", ("labels", "rules", 0, "labels", 1))
    ]
