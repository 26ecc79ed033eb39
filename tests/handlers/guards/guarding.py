"""Builders of what guards and the merge classification are tested on: policies, files, reviews, references."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from bot.model import (
    AddedLines,
    ChangedFile,
    Check,
    Decision,
    Memory,
    Reference,
    Report,
    Review,
    Snapshot,
    StatusSeen,
)
from bot.policy import Policy
from bot.policy.guards import GuardsPolicy
from bot.policy.merge import MergePolicy
from tests.snapshots import AGENT, HEAD, NOW, NOW_SEEN, OPERATOR, TOOLS, WRITER, snapshot

MAINTAINER = "dziadek"


class Guarded(Policy):
    """A policy with the sections of the guards and of the merge classification."""

    guards: GuardsPolicy = Field(default_factory=GuardsPolicy)
    merge: MergePolicy = Field(default_factory=MergePolicy)


def policy(**sections: Any) -> Guarded:
    """A policy with one operator, one agent and one writer, and some sections."""
    return Guarded.model_validate({"operators": (OPERATOR,), "agents": (AGENT,), "writers": (WRITER,)} | sections)


def guarded(name: str, mode: str = "block", **section: Any) -> Guarded:
    """A policy with one guard."""
    return policy(guards={name: {"mode": mode, **section}})


def file(path: str, **change: Any) -> ChangedFile:
    """A text file with some changed lines."""
    values = {"status": "changed", "old_mode": "100644", "new_mode": "100644", "added": 3, "removed": 1}
    return ChangedFile(**({"path": path} | values | change))


def files(*paths: str) -> tuple[ChangedFile, ...]:
    return tuple(map(file, paths))


def moved(old: str, new: str) -> ChangedFile:
    return file(new, status="renamed", old_path=old, added=0, removed=0)


def deleted(path: str) -> ChangedFile:
    return file(path, status="deleted", new_mode="000000", added=0)


def link(path: str, target: str | None) -> dict[str, Any]:
    """A new link, with its target where that was read."""
    added = () if target is None else (AddedLines(path=path, start=1, text=target),)
    new = file(path, status="added", old_mode="000000", new_mode="120000", added=1, removed=0)
    return {"files": (new,), "added": added}


def reference(number: int, state: str = "open", kind: str = "pull") -> Reference:
    return Reference(number=number, kind=kind, state=state)


def review(author: str = MAINTAINER, state: str = "approved", **change: Any) -> Review:
    """An approval of the head by somebody who may write."""
    values: dict[str, Any] = {"author": author, "state": state, "commit": HEAD, "official": True, "about": NOW_SEEN}
    return Review(**(values | change))


def status(context: str, state: str = "success", description: str = "Successful in 3s") -> StatusSeen:
    """A status of Forgejo's own Actions."""
    return StatusSeen(context=context, state=state, description=description)


def said(command: str, argument: str = "", number: int = 1, **change: Any) -> Decision:
    """A command of the operator's that was taken."""
    values = {"comment_id": number, "line": 1, "command": command, "argument": argument, "by": OPERATOR, "at": NOW}
    return Decision(**(values | change))


GREEN: Mapping[str, str] = {"secret-leak": "pass", "scope": "pass", "red-zone": "pass"}


def clean(verdicts: Mapping[str, str] = GREEN, memory: Mapping[str, Any] | None = None, **change: Any) -> Snapshot:
    """A pull request that nothing stands against; further arguments change what was observed."""
    values: dict[str, Any] = {
        "policy": policy(merge={"mode": "on"}),
        "conflict": False,
        "reviews": (review(),),
        "files": files("garden/plan.py"),
        "memory": Memory(verdicts=dict(verdicts), **(memory or {})),
    }
    return snapshot(**(values | change))


async def report(check: Check, observed: Snapshot) -> Report:
    return await check.assess(observed, TOOLS)


def rules(found: Report) -> list[str]:
    """The rules of a report's findings."""
    return [finding.rule for finding in found.findings]
