"""The bot's own earlier judgments, and whether the last one is still valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from bot.model import Decision, Snapshot, digest
from handlers.judge.human_decisions import obeyed
from handlers.judge.inputs import evidence, facts, seen
from handlers.judge.payload import Payload, RerunReason
from handlers.judge.signals.table import Signal

NAME = "judge"


@dataclass(frozen=True)
class Past:
    """The bot's own earlier judgments, oldest first; `rested`: the target was closed since the last one."""

    judged: tuple[Payload, ...] = ()
    rested: bool = False

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Past":
        """Return the readable judgments; a record with a state other than open only notes that state."""
        found = []
        for one in snapshot.memory.judgments:
            if one.check == NAME:
                try:
                    found.append(Payload.model_validate(one.content))
                except ValidationError:
                    continue
        made = tuple(one for one in found if one.target_snapshot.state == "open")
        return cls(made, bool(found) and found[-1].target_snapshot.state != "open")


def rerun_reason(past: Past, snapshot: Snapshot, signals: Sequence[Signal]) -> RerunReason | None:
    """Return the first reason for a new judgment, or None if the last one is valid; `signals` are the rules'."""
    if not past.judged:
        return "no_prior_judgment"
    last = past.judged[-1]
    then, now = last.target_snapshot, seen(_named_then(last, snapshot), signals)
    changed = then.evidence_hash != now.evidence_hash
    reasons: dict[RerunReason, bool] = {
        "requested": changed and _requested(last, snapshot, signals),
        "title_changed": then.title_hash != now.title_hash,
        "body_changed": then.body_hash != now.body_hash,
        "labels_changed": facts(then.labels) != facts(now.labels),
        "head_changed": (then.head_sha, then.commit_count) != (now.head_sha, now.commit_count),
        "state_changed": past.rested or then.state != now.state,
        "evidence_changed": changed,
        "stale": snapshot.policy.judge.renew == "on" and old(last, snapshot),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _requested(last: Payload, snapshot: Snapshot, signals: Sequence[Signal]) -> bool:
    """Return whether there is a new `/rejudge`: by its time, or because the evidence without it did not change."""
    asked = [one for one in obeyed(snapshot) if one.command == "rejudge"]
    if any(one.at > last.judged_at for one in asked):
        return True
    without = [_without(one, _named_then(last, snapshot)) for one in asked[-1:]]
    return any(digest(evidence(before, signals)) == last.target_snapshot.evidence_hash for before in without)


def _named_then(last: Payload, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the repository's name at the last judgment: a rename is no new evidence."""
    return snapshot.model_copy(update={"target": snapshot.target.model_copy(update={"repository": last.target.repo})})


def _without(decision: Decision, snapshot: Snapshot) -> Snapshot:
    rest = tuple(one for one in snapshot.inputs.decisions if one != decision)
    return snapshot.model_copy(update={"inputs": snapshot.inputs.model_copy(update={"decisions": rest})})


def old(payload: Payload, snapshot: Snapshot) -> bool:
    """Return whether a judgment is older than the policy allows."""
    return snapshot.taken_at - payload.judged_at > timedelta(days=snapshot.policy.judge.stale_days)
