"""A model beside the rules: it may add concern, and whatever it says or doesn't say, the floor stands."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot.model import AddedLines, ChangedFile, NoAnswer
from handlers.judge.model_opinion import CONCERN, MATERIAL_BYTES, TASK, ModelOpinion, advised, material, merged
from handlers.judge.payload import Opinion
from tests.judgments import ESCALATED, OPINION, asking, issue, opinion, policy
from tests.snapshots import snapshot

WITH_MODEL = policy(model="local")
REF = {"note": "It says so.", "value": "issue-title"}


def said(**change: Any) -> ModelOpinion:
    """What a model answers: the same as the rules, in its own words."""
    return ModelOpinion.model_validate(
        {**OPINION, "rationale_summary": "Own words.", "top_caveat": "Own care."} | change
    )


def together(floor: Opinion, **change: Any) -> Opinion:
    """The floor with what a model says."""
    return merged(floor, said(**change), lambda value: value == REF["value"])[0]


async def test_without_a_model_in_the_policy_nobody_is_asked() -> None:
    tools, asked = asking(said())
    assert await advised(opinion(), issue(), tools, lambda *_: True) == (opinion(), "rules")
    assert asked == []


async def test_the_model_of_the_policy_is_asked_once_with_data_and_a_form_without_labels() -> None:
    tools, asked = asking(said())
    found, runtime = await advised(opinion(), issue(WITH_MODEL, labels=("ops",)), tools, lambda *_: True)
    (question,) = asked
    assert (runtime, question.model, question.answer, question.task) == ("model:local", "local", ModelOpinion, TASK)
    assert json.loads(question.material)["labels"] == ["ops"]
    assert not any("label" in name for name in ModelOpinion.model_fields)
    assert (found.rationale_summary, found.top_caveat) == ("Own words.", "Own care.")


@pytest.mark.parametrize("answer", [NoAnswer("it took longer than 30 seconds"), NoAnswer(""), opinion()])
async def test_without_a_usable_answer_the_rules_judge_alone_and_say_so(answer: BaseModel | NoAnswer) -> None:
    tools, _ = asking(answer)
    found, runtime = await advised(opinion(), issue(WITH_MODEL), tools, lambda *_: True)
    (ref,) = found.evidence_refs
    assert runtime == "rules"
    assert found.model_copy(update={"evidence_refs": ()}) == opinion()
    assert (ref.type, ref.value) == ("model", "model:local")
    reason = (
        {"": "no reason given"}.get(str(answer), str(answer))
        if isinstance(answer, NoAnswer)
        else "unexpected answer format"
    )
    assert reason in ref.note


@pytest.mark.parametrize(
    ("floor", "model", "priority"), [("p2", "p0", "p0"), ("p2", "p3", "p2"), ("p0", "p3", "p0"), ("p1", "p1", "p1")]
)
def test_a_priority_only_rises(floor: str, model: str, priority: str) -> None:
    assert together(opinion(priority=floor), priority=model).priority == priority


@pytest.mark.parametrize(
    ("floor", "model", "step"),
    [
        ("operator_needed", "park", "operator_needed"),
        ("operator_needed", "codex_candidate", "operator_needed"),
        ("needs_refinement", "codex_candidate", "needs_refinement"),
        ("needs_refinement", "operator_needed", "operator_needed"),
        ("codex_candidate", "operator_needed", "operator_needed"),
        ("codex_candidate", "needs_refinement", "needs_refinement"),
        ("codex_candidate", "hermes_candidate", "hermes_candidate"),
        ("codex_candidate", "park", "codex_candidate"),
        ("park", "codex_candidate", "park"),
        ("park", "needs_refinement", "needs_refinement"),
        ("park", "park", "park"),
    ],
)
def test_a_next_step_only_asks_for_more(floor: str, model: str, step: str) -> None:
    assert (
        together(opinion(recommended_next_action=floor), recommended_next_action=model).recommended_next_action == step
    )


def test_an_escalation_stays_with_its_own_reason() -> None:
    floor = opinion(**ESCALATED)
    lowered = together(floor, priority="p3", recommended_next_action="park", confidence=5)
    assert lowered == floor.model_copy(update={"confidence": 4})
    agreed = together(floor, priority="p1", recommended_next_action="operator_needed", escalation="Because I say so.")
    assert (agreed.escalation, agreed.top_caveat) == (floor.escalation, floor.top_caveat)


def test_an_escalation_by_the_model_says_why() -> None:
    change = {"recommended_next_action": "operator_needed", "escalation": "It spends money."}
    raised = together(opinion(), **change)
    assert raised.escalation is not None
    assert (raised.escalation.kind, raised.escalation.reason) == ("operator", "It spends money.")
    silent = together(opinion(), recommended_next_action="operator_needed")
    assert silent.escalation is not None
    assert silent.escalation.reason == "Own words."


def test_an_escalation_without_the_step_is_none() -> None:
    assert together(opinion(), escalation="Call the operator.").escalation is None


def test_the_sum_is_as_unsure_as_the_less_sure_and_reaches_as_far_as_the_farther() -> None:
    found = together(opinion(), confidence=2, reach=5, impact=1, piotr_fit="high", effort_hint="large")
    assert (found.confidence, found.reach, found.impact, found.piotr_fit) == (2, 5, 3, "high")
    assert found.effort_hint == "small"
    assert together(opinion(effort_hint="unknown"), effort_hint="large").effort_hint == "large"


def test_words_that_contradict_the_result_are_not_used() -> None:
    assert together(opinion(), priority="p3").rationale_summary == opinion().rationale_summary
    assert together(opinion(), recommended_next_action="park").top_caveat == opinion().top_caveat
    assert len(together(opinion(), rationale_summary="x" * 900).rationale_summary) == 300


async def test_references_that_name_nothing_are_left_out_and_counted() -> None:
    tools, _ = asking(said(evidence_refs=[REF, {"note": "Believe me.", "value": "diff:secret/plan.py"}]))
    found, runtime = await advised(opinion(), issue(WITH_MODEL), tools, lambda value, _: value == REF["value"])
    assert runtime == "model:local"
    assert [(ref.type, ref.value) for ref in found.evidence_refs] == [
        ("forgejo", "issue-title"),
        ("model", "model:local"),
    ]
    assert found.evidence_refs[1].note == "Removed references of the model local that do not exist: 1."


def test_the_rules_own_references_stand_first_and_are_not_replaced() -> None:
    floor = opinion(evidence_refs=[{"note": "By rule.", "value": "issue-title"}])
    assert together(floor, evidence_refs=[REF]).evidence_refs == floor.evidence_refs


def test_a_few_of_its_references_are_enough() -> None:
    refs = [{"note": "It says so.", "value": f"diff:{number}.py"} for number in range(9)]
    assert len(merged(opinion(), said(evidence_refs=refs), lambda _: True)[0].evidence_refs) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"labels_to_apply": ["judge/p3"]},
        {"labels": ["judge/park"]},
        {"priority": "p9"},
        {"confidence": 0},
        {"rationale_summary": ""},
        {"rationale_summary": "x" * 3000},
        {"evidence_refs": [REF] * 21},
        {"evidence_refs": [REF | {"type": "model"}]},
    ],
)
def test_an_answer_of_another_form_is_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        said(**change)


steps = st.sampled_from(sorted(CONCERN))
priorities = st.sampled_from(["p0", "p1", "p2", "p3"])
scores = st.integers(1, 5)
opinions = st.fixed_dictionaries(
    {"priority": priorities, "recommended_next_action": steps, "confidence": scores, "impact": scores}
)


@given(opinions, opinions, st.none() | st.just("Because."))
def test_no_answer_takes_concern_away(floor: dict[str, Any], model: dict[str, Any], escalation: str | None) -> None:
    escalated = floor["recommended_next_action"] == "operator_needed"
    rules = opinion(**floor, escalation={"kind": "operator", "reason": "By rule."} if escalated else None)
    found = together(rules, **model, escalation=escalation)
    assert found.priority <= rules.priority
    assert CONCERN[found.recommended_next_action] >= CONCERN[rules.recommended_next_action]
    assert found.confidence <= rules.confidence
    assert found.impact >= rules.impact
    assert rules.escalation is None or found.escalation == rules.escalation
    assert (found.recommended_next_action == "park") <= (rules.recommended_next_action == "park")


@given(st.text(max_size=1000), st.lists(st.text(max_size=16), max_size=5))
def test_the_material_is_data_of_a_bounded_size(text: str, names: list[str]) -> None:
    found = json.loads(material(issue(title=text[:150], body=text, labels=tuple(names))))
    assert set(found) == {"kind", "author", "title", "body", "labels", "paths", "added"}
    assert (found["title"], found["body"], found["labels"]) == (text[:150], text, list(names))


@pytest.mark.parametrize("sign", ["x", "\x00", "ł", "\U0001f331", '"'])
def test_long_material_is_cut(sign: str) -> None:
    run = AddedLines(path=sign * 400, start=1, text=sign * 50_000)
    long = snapshot(
        title=sign * 5000,
        body=sign * 90_000,
        author=sign * 500,
        labels=(sign * 400,) * 90,
        files=(ChangedFile(path=sign * 4000, status="changed"),) * 500,
        added=(run, run),
    )
    text = material(long)
    assert MATERIAL_BYTES - 2000 < len(text.encode()) <= MATERIAL_BYTES
    assert len(json.loads(text)["added"]) == 1


def test_added_lines_fill_what_room_is_left() -> None:
    runs = tuple(AddedLines(path=f"garden/{number}.py", start=1, text="grow()\n" * 300) for number in range(40))
    text = material(snapshot(added=runs))
    shown = json.loads(text)["added"]
    assert 5 < len(shown) < 40
    assert shown[0] == {"path": "garden/0.py", "text": "grow()\n" * 300}
    assert len(text.encode()) <= MATERIAL_BYTES
