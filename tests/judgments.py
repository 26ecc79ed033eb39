"""Builders of judgments: opinions, payloads, comments that hold one, and the judge by rules that a test sets."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from bot.model import CommentText, Decision, Memory, NoAnswer, Question, Report, Snapshot, Tools, digest
from bot.plan.assessment import folded
from bot.policy import JudgePolicy, Policy
from handlers.judge.check import Judge
from handlers.judge.inputs import seen
from handlers.judge.names import step_label
from handlers.judge.payload import BEGIN, END, Opinion, Payload, labels_of, written
from handlers.judge.rules import Ruled
from handlers.judge.signals.table import Signal
from tests.snapshots import ISSUE, LABELS, NOW, OPERATOR, POLICY, TEAM, TOOLS, snapshot

SIGNALS = (
    Signal(name="asks-credential", group="act", weight=5, says="it touches a credential", ref="issue-title"),
    Signal(name="criteria", group="text", weight=2, says="it has acceptance criteria", ref="issue-body-done"),
)
OPINION: Mapping[str, Any] = {
    "priority": "p2",
    "reach": 2,
    "impact": 3,
    "confidence": 4,
    "piotr_fit": "low",
    "effort_hint": "small",
    "recommended_next_action": "codex_candidate",
    "rationale_summary": "It is a small change with clear criteria.",
    "top_caveat": "Check the edge of the table.",
}
ESCALATED: dict[str, Any] = {
    "priority": "p1",
    "recommended_next_action": "operator_needed",
    "escalation": {"kind": "operator", "reason": "It rotates a credential."},
}


def opinion(**change: Any) -> Opinion:
    """What the rules think: agent work."""
    return Opinion.model_validate({**OPINION, **change})


def judging(said: Opinion | None = None, *, known: tuple[str, ...] = ()) -> Judge:
    """The judge by rules that always say this; `known` are the references that name something."""
    return Judge(lambda _: Ruled(opinion=said or opinion(), signals=SIGNALS), lambda value, _: value in known)


async def judged(observed: Snapshot, *, tools: Tools = TOOLS, **change: Any) -> Report:
    """The report on a snapshot by rules that say agent work, or what `change` makes of it."""
    return await judging(opinion(**change), known=("issue-title",)).assess(observed, tools)


def made(report: Report) -> Payload:
    """The judgment that a report makes anew."""
    assert report.judgment is not None
    return Payload.model_validate(report.judgment.content)


def on(report: Report) -> set[str]:
    """The labels that should be on."""
    return {name for name, wanted in report.labels.items() if wanted}


def issue(policy: Policy = POLICY, **change: Any) -> Snapshot:
    """A snapshot of an open issue that the judge may read."""
    return snapshot(ISSUE, policy=policy, **change)


def policy(**judge: Any) -> Policy:
    """The policy of the tests with a section for the judge."""
    return POLICY.model_copy(update={"judge": JudgePolicy(**({"candidates": TEAM} | judge))})


def decision(command: str, argument: str = "", **change: Any) -> Decision:
    """A command line that an operator wrote and that was taken."""
    values = {"comment_id": 301, "line": 1, "command": command, "argument": argument, "by": OPERATOR, "at": NOW}
    return Decision(**(values | change))


def later(before: Snapshot, report: Report, *, after: timedelta = timedelta(hours=1), **change: Any) -> Snapshot:
    """The next look at a target: what was judged is remembered, and some inputs have changed."""
    found = folded(before, report)
    found = found.model_copy(update={"taken_at": before.taken_at + after})
    policy = change.pop("policy", found.policy)
    inputs = found.inputs.model_copy(update=change)
    return found.model_copy(update={"inputs": inputs, "policy": policy})


def retitled(title: str) -> dict[str, Any]:
    """What changes of the inputs with the title."""
    return {"title": title, "title_hash": digest(title)}


def rewritten(body: str) -> dict[str, Any]:
    """What changes of the inputs with the description."""
    return {"body": body, "body_hash": digest(body)}


def payload(of: Snapshot, **change: Any) -> Payload:
    """A judgment of a target by somebody else."""
    said = opinion(**{name: change.pop(name) for name in list(change) if name in Opinion.model_fields})
    values: dict[str, Any] = {
        **dict(said),
        "schema": "openclaw.judge.v0",
        "judge_actor": {"name": "iskra", "runtime": "openclaw"},
        "judged_at": NOW,
        "labels_to_apply": labels_of(said, step_label(said.recommended_next_action, TEAM)),
        "rerun_reason": "no_prior_judgment",
        "target": {"kind": of.target.kind.value, "number": of.target.number, "repo": of.target.repository},
        "target_snapshot": seen(of, SIGNALS),
    }
    return Payload.model_validate(values | change)


def block(text: str) -> str:
    """A payload's text as it stands in a comment."""
    return f"### A judgment\n\n```json\n{BEGIN}\n{text}\n{END}\n```\n"


def comment(body: str, author: str = "iskra", number: int = 77, **change: Any) -> CommentText:
    """A comment of somebody else."""
    values = {
        "id": number,
        "author": author,
        "body": body,
        "body_hash": digest(body),
        "created_at": NOW,
        "edited": False,
        "witnessed": True,
    }
    return CommentText(**(values | change))


def judged_by(author: str, of: Snapshot, number: int = 77, created_at: datetime = NOW, **change: Any) -> CommentText:
    """A comment with a valid judgment."""
    return comment(block(written(payload(of, **change))), author, number, created_at=created_at)


def asking(answer: BaseModel | NoAnswer) -> tuple[Tools, list[Question]]:
    """Tools with a model that answers this, and the questions that it was asked."""
    asked: list[Question] = []

    async def ask(question: Question) -> BaseModel:
        asked.append(question)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    model: Callable[[Question], Awaitable[BaseModel]] = ask
    return Tools(now=TOOLS.now, labels=LABELS, ask=model), asked


def remembering(*kept: Any) -> Memory:
    """A memory of judgments alone."""
    return Memory(judgments=kept)
