"""Builders of soaks' threads: evidence as comments, runs as Forgejo tells them, and the state that follows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    EVIDENCE_BEGIN,
    EVIDENCE_END,
    CommentText,
    CommitSeen,
    Decision,
    Judgment,
    Memory,
    PullSeen,
    RunSeen,
    Snapshot,
    SoakSeen,
    digest,
)
from bot.policy import Policy, SoakPolicy
from handlers.soak.state.inputs import CHECK, all_soak_inputs
from handlers.soak.state.machine import Soak
from tests.snapshots import ISSUE, OPERATOR, snapshot

DAY = datetime(2026, 5, 14, 8, 0, tzinfo=UTC)
"""The day on which the tests' soaks begin."""
MARKER = "forgejo_token_source=infisical-token-auth"
FALLBACK = "forgejo_token_source=direct-env-fallback"
PHRASE = "w4a-remove-direct-pat-approved"
RUNNER = "deploy-runner"
COMMIT = "c3" * 20
SOAK: dict[str, Any] = {
    "name": "deploy-runner-token",
    "issue": ISSUE.number,
    "prerequisites": [273],
    "marker": MARKER,
    "forbidden": [FALLBACK],
    "smokes": 3,
    "modules": ["matrix-well-known", "dashboard"],
    "days": 7,
    "audit": {"hours": 48, "logs": 10},
    "evidence_from": ["codex", RUNNER],
    "gate": PHRASE,
    "report": 437,
    "protects": {"paths": ["deploy/runner/**"], "names": ["PLATFORMCTL_FORGEJO_TOKEN"]},
    "on_failure": "reset",
}


def evidence(kind: str, **change: Any) -> dict[str, Any]:
    """The payload of one piece of evidence that counts, but for what is changed."""
    fields: dict[str, Any] = {"schema": "soak.evidence.v1", "soak": SOAK["name"], "kind": kind, "actor": RUNNER}
    if kind == "install":
        fields["token_file"] = {"mode": "0600", "owner": "runner:runner", "size": 333}
    if kind in {"smoke", "removal"}:
        fields |= {"run": {"number": 729, "id": 869, "workflow": "auto-apply.yml"}, "commit": COMMIT}
        fields |= {"module": "matrix-well-known", "markers": {MARKER: 2, FALLBACK: 0}}
        fields["steps"] = {"plan": {"status": "in-sync", "exit_code": 0}, "health": {"status": "OK", "exit_code": 0}}
    if kind == "audit":
        fields |= {"window_hours": 48, "logs": 16, "markers": {MARKER: 16, FALLBACK: 0}}
    return fields | change


def smoke(number: int, module: str = "matrix-well-known", **change: Any) -> dict[str, Any]:
    """Evidence of one smoke run."""
    run = {"number": number, "id": number + 140, "workflow": "auto-apply.yml"}
    return evidence("smoke", run=run, module=module, **change)


def told(*payloads: dict[str, Any], words: str = "Done.") -> str:
    """A comment that holds payloads."""
    parts = [f"```json\n{EVIDENCE_BEGIN}\n{json.dumps(one, sort_keys=True)}\n{EVIDENCE_END}\n```" for one in payloads]
    return "\n\n".join([words, *parts])


@dataclass
class Thread:
    """A tracking issue with its soak, as it grows: what was written, what ran, what was merged."""

    policy: dict[str, Any] = field(default_factory=lambda: dict(SOAK))
    comments: list[CommentText] = field(default_factory=list)
    runs: list[RunSeen] = field(default_factory=list)
    commits: list[CommitSeen] = field(default_factory=lambda: [CommitSeen(sha=COMMIT, on_default=True, pulls=(273,))])
    pulls: dict[int, datetime] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    elsewhere: dict[int, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def write(self, body: str, at: datetime, author: str = RUNNER, **change: Any) -> CommentText:
        """Adds a comment, witnessed and as it was written."""
        values: dict[str, Any] = {
            "id": len(self.comments) + 1,
            "author": author,
            "body": body,
            "body_hash": digest(body),
        }
        values |= {"created_at": at, "edited": False, "witnessed": True}
        self.comments.append(CommentText(**(values | change)))
        return self.comments[-1]

    def run(self, number: int, at: datetime, status: str = "success", **change: Any) -> None:
        """Adds a run as Forgejo tells it."""
        values: dict[str, Any] = {"number": number, "id": number + 140, "workflow": "auto-apply.yml", "status": status}
        values |= {"commit": COMMIT, "started_at": at, "endpoint": f"runs?run_number={number}"}
        self.runs.append(RunSeen(**(values | change)))

    def seen(self) -> SoakSeen:
        """What was observed of the soak."""
        pulls = tuple(PullSeen(number=number, state="merged", merged_at=at) for number, at in self.pulls.items())
        return SoakSeen(
            name=self.policy["name"],
            runs=tuple(self.runs),
            commits=tuple(self.commits),
            pulls=pulls,
            elsewhere=self.elsewhere,
        )

    def snapshot(self, now: datetime, **change: Any) -> Snapshot:
        """The snapshot of the tracking issue at a moment."""
        judged = (Judgment(check=CHECK, at=now, basis="", content={"soaks": self.kept}),) if self.kept else ()
        values: dict[str, Any] = {
            "policy": Policy(operators=(OPERATOR,), soaks=(SoakPolicy.model_validate(self.policy),)),
            "comments": tuple(one for one in self.comments if one.created_at <= now),
            "decisions": tuple(one for one in self.decisions if one.at <= now),
            "soaks": (self.seen(),),
            "memory": Memory(judgments=judged),
        }
        return snapshot(ISSUE, **(values | change)).model_copy(update={"taken_at": now})

    def evaluate(self, now: datetime) -> Soak:
        """One look at a moment; what is to be kept is kept."""
        (inputs,) = all_soak_inputs(self.snapshot(now))
        soak = Soak(inputs)
        self.kept = {self.policy["name"]: soak.kept().model_dump(mode="json")}
        return soak

    def tracked(self, now: datetime) -> SoakSeen:
        """What a pull request's snapshot has of the soak: the reading that a look at the issue left."""
        self.evaluate(now)
        (kept,) = self.kept.values()
        written = tuple(one for one in self.comments if one.created_at <= now)
        return self.seen().model_copy(update={"comments": written, "kept": kept})


def later(days: float = 0, hours: float = 0) -> datetime:
    """A moment so long after the beginning."""
    return DAY + timedelta(days=days, hours=hours)


def proven(
    thread: Thread | None = None, modules: Sequence[str] = ("matrix-well-known", "dashboard", "dashboard")
) -> Thread:
    """A thread in which everything up to the audit is there."""
    thread = thread or Thread()
    thread.pulls[273] = later(hours=1)
    thread.write(told(evidence("install")), later(hours=0.5))
    for place, module in enumerate(modules):
        thread.run(729 + place, later(hours=2 + place))
        thread.write(told(smoke(729 + place, module)), later(hours=2.5 + place))
    thread.write(told(evidence("audit")), later(days=8))
    return thread


def removed(thread: Thread | None = None) -> Thread:
    """A thread up to the removal."""
    thread = proven(thread)
    thread.write(PHRASE, later(days=9), OPERATOR)
    thread.run(800, later(days=9, hours=1))
    run = {"number": 800, "id": 940, "workflow": "auto-apply.yml"}
    thread.write(told(evidence("removal", run=run)), later(days=9, hours=2))
    return thread
