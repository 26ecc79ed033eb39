"""Builders of what label rules are tested on: changed files, rules, policies, decisions, and the report on them."""

from typing import Any

from bot.model import ChangedFile, Decision, Report, Target
from bot.policy import LabelRule, LabelsPolicy, Policy, When
from handlers.labels.check import CHECK
from tests.snapshots import NOW, OPERATOR, PULL, TOOLS, snapshot

NO_DEFAULTS = {"defaults": "off"}


def file(path: str, added: int = 3, removed: int = 0, **change: Any) -> ChangedFile:
    values = {"status": "changed", "old_mode": "100644", "new_mode": "100644", "added": added, "removed": removed}
    return ChangedFile(**({"path": path} | values | change))


def files(*paths: str) -> tuple[ChangedFile, ...]:
    return tuple(map(file, paths))


def rule(*labels: str, name: str = "mine", **when: Any) -> LabelRule:
    return LabelRule(name=name, when=When.model_validate(when), labels=labels)


def ruled(*rules: LabelRule, **change: Any) -> Policy:
    return Policy(labels=LabelsPolicy.model_validate({"rules": rules, **change}), agents=("codex", "renovate"))


def said(command: str, argument: str = "", number: int = 1, **change: Any) -> Decision:
    return Decision(
        **{"comment_id": number, "line": 1, "command": command, "argument": argument, "by": OPERATOR, "at": NOW}
        | change
    )


async def report(target: Target = PULL, **change: Any) -> Report:
    return await CHECK.assess(snapshot(target, **change), TOOLS)


async def labels(target: Target = PULL, **change: Any) -> set[str]:
    return {name for name, on in (await report(target, **change)).labels.items() if on}
