"""The check `soak-evidence`: no claim, removal or merge before the evidence for it exists.

Runs if the policy defines soaks. On a tracking issue it computes the state of its soaks from the thread and Forgejo's
answers, and maintains one comment with criteria, evidence and the next step. On a pull request it compares claims and
changes with these states. It stores earlier evidence and phrases between runs, so that it detects when they are edited
or deleted.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.model import (
    Actor,
    Check,
    Finding,
    Gap,
    Judgment,
    Kind,
    Location,
    OwnWords,
    Report,
    Severity,
    Snapshot,
    SoakSeen,
    Tools,
    Verdict,
    canonical,
    digest,
)
from handlers.facts.wording import not_looked_at
from handlers.soak import comment
from handlers.soak.claims.classify import claim_of
from handlers.soak.labels import LABELS, PENDING, asks, of_issue, of_pull
from handlers.soak.payload import SoakState
from handlers.soak.pull_rules import Pull, unlooked
from handlers.soak.state.describe import describe
from handlers.soak.state.inputs import CHECK as NAME
from handlers.soak.state.ledger_records import records
from handlers.soak.state.machine import Soak, tracked_soaks

OFF = "the policy defines no soak"
POLL, RARELY = 60.0, 3_600.0
"""Seconds after which unfinished or unknown runs are looked up again, with back-off as they get older."""
PATIENCE = 4
AWAITED = frozenset({"pending", "unverifiable"})
UNREAD = 900.0
"""Seconds after which a pull request is checked again if its soak could not be read; no event may trigger this."""
LONGEST = 86_400.0
NOTHING = "no unproven soak claims; no gated files touched"


async def assess(snapshot: Snapshot, tools: Tools) -> Report:  # noqa: ARG001 - every check has this form
    """Return the states of the soaks that an issue tracks, or the result of the soaks for a pull request.

    A hostile comment thread takes long to read, so this runs in a worker thread.
    """
    if not snapshot.policy.soaks:
        return Report(check=NAME, verdict=Verdict.SKIP, summary=OFF, shown=False, status=False)
    return await asyncio.to_thread(report, snapshot)


def report(snapshot: Snapshot) -> Report:
    """Return the report on a snapshot whose policy defines soaks."""
    if snapshot.target.kind is Kind.ISSUE:
        return _issue(snapshot, tracked_soaks(snapshot)) if snapshot.inputs.soaks else _untracked()
    pull = Pull.of(snapshot)
    return _pull(snapshot, pull) if snapshot.inputs.state == "open" else _ended(pull)


def _untracked() -> Report:
    return Report(check=NAME, verdict=Verdict.SKIP, summary="no soak is tracked here", shown=False, status=False)


def _issue(snapshot: Snapshot, soaks: Sequence[Soak]) -> Report:
    states = [describe(soak) for soak in soaks]
    marks = of_issue(snapshot, soaks)
    content = {"soaks": {soak.inputs.soak.name: soak.kept().model_dump(mode="json") for soak in soaks}}
    known = [one for one in snapshot.memory.judgments if one.check == NAME]
    changed = not known or canonical(known[-1].content) != canonical(content)
    return Report(
        check=NAME,
        verdict=Verdict.PASS,
        summary="; ".join(f"{state.soak}: {state.state}, {state.why}" for state in states),
        findings=tuple(map(_waiting, filter(asks, soaks))),
        labels=marks.labels,
        label_bases=marks.all_soak_inputs,
        comment=OwnWords(body=comment.body(states)),
        explanation=comment.explanation(states),
        judgment=_judgment(snapshot, content) if changed else None,
        records=tuple(record for soak in soaks for record in records(soak)) if changed else (),
        data={"soaks": [state.content() for state in states]},
        again=_again(states, snapshot.taken_at),
        shown=False,
        status=False,
    )


def _waiting(soak: Soak) -> Finding:
    """The finding that calls the operator to a soak that is blocked, or waits for his phrase."""
    policy, state = soak.inputs.soak, describe(soak)
    decide = f"decide, and write {policy.gate} to approve" if policy.gate else "decide about the next step"
    look = f"look at the soak {policy.name}, which is {state.state}"
    return Finding(
        rule="soak-waits",
        severity=Severity.HIGH,
        title=f"The soak {policy.name} is {state.state}: {state.why}",
        location=Location(where="target"),
        actor=Actor.OPERATOR,
        action=decide if state.state == "awaiting-operator" else look,
    )


def _judgment(snapshot: Snapshot, content: dict[str, Any]) -> Judgment:
    return Judgment(check=NAME, at=snapshot.taken_at, basis=digest(canonical(content)), content=content, replaces=True)


def _again(states: Sequence[SoakState], now: datetime) -> float:
    """Return the seconds until something may change by itself; 0 if nothing will."""
    rows = (row for state in states for row in state.evidence if not row.counts)
    open_ = [row for row in rows if any(one.name == "run" and one.standing in AWAITED for one in row.facts)]
    waits = [min(max(POLL, (now - row.at).total_seconds() / PATIENCE), RARELY) for row in open_ if row.run]
    due = [state.next.earliest for state in states if state.next.earliest and state.next.earliest > now]
    waits += [(moment - now).total_seconds() + 1 for moment in due]
    return min([*waits, LONGEST]) if waits else 0.0


def _pull(snapshot: Snapshot, pull: Pull) -> Report:
    soaks, policies = pull.soaks, snapshot.policy.soaks
    findings = tuple(pull.findings())
    lost = _unseen(snapshot)
    unseen = (*lost, *unlooked(snapshot, [policy.protects for policy in policies]), *pull.unread())
    verdict = Verdict.BLOCK if findings else Verdict.ERROR if unseen else Verdict.PASS
    marks = of_pull(pull)
    first = findings[0].title if findings else unseen[0].title if unseen else NOTHING
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return Report(
        check=NAME,
        verdict=verdict,
        summary=f"{first}{more}",
        findings=(*findings, *unseen),
        labels=marks.labels,
        label_bases=marks.all_soak_inputs,
        explanation=comment.explanation([describe(soak) for soak in soaks]),
        data={"states": {soak.inputs.soak.name: soak.name for soak in soaks}},
        again=UNREAD if lost else 0.0,
    )


def _ended(pull: Pull) -> Report:
    marks = of_pull(pull)
    waits = [name for name, on in marks.labels.items() if on and name == PENDING]
    summary = "merged; its soak is not proven yet" if waits else "no soak pending"
    return Report(
        check=NAME,
        verdict=Verdict.SKIP,
        summary=summary,
        labels=marks.labels,
        label_bases=marks.all_soak_inputs,
        explanation=comment.explanation([describe(soak) for soak in pull.soaks]),
        shown=False,
        status=False,
    )


def _unseen(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return a finding for each soak whose state is unknown: it must not be ignored. The bot itself tries again."""
    known = {one.name: one for one in snapshot.inputs.soaks}
    return tuple(
        not_looked_at(Gap(what=f"the soak {policy.name}", why=_why(known.get(policy.name)), of=policy.name)).model_copy(
            update={"actor": Actor.NOBODY}
        )
        for policy in snapshot.policy.soaks
        if policy.name not in known or known[policy.name].unseen
    )


def _why(seen: SoakSeen | None) -> str:
    return seen.unseen if seen is not None else "its tracking issue has not been read yet"


CHECK = Check(
    name=NAME,
    on=frozenset(Kind),
    assess=assess,
    labels=LABELS,
    guards=False,
    readers={"claim": claim_of},
)
