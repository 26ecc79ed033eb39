"""Builders of what tests judge and compare: snapshots with defaults, and the small values in them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from bot.labels.catalog import LabelSet
from bot.model import (
    ChangedFile,
    ChangeState,
    Commit,
    Finding,
    Gap,
    Held,
    Inputs,
    Kind,
    LabelSeen,
    Leak,
    Location,
    Memory,
    NoAnswer,
    Own,
    OwnComment,
    Plan,
    Question,
    Repo,
    Report,
    Severity,
    Side,
    Snapshot,
    StatusSeen,
    Target,
    Tools,
    Verdict,
    WantedComment,
    digest,
)
from bot.plan.actions import Action
from bot.plan.assessment import plan
from bot.plan.report import without_footer
from bot.policy import Candidates, JudgePolicy, Policy

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
BOT = "patchwarden-bot"
OPERATOR = "operator"
AGENT = "codex"
WRITER = "iskra"
OUTSIDER = "devops-engineer"
HEAD = "a1" * 20
BASE = "b2" * 20
GARDEN = Repo(id=2, name="workshop/garden")
PULL = GARDEN.target(12, Kind.PULL)
ISSUE = GARDEN.target(7, Kind.ISSUE)
URL = "https://forge.example/workshop/garden/pulls/12"
LABELS = LabelSet.load()


async def no_model(question: Question) -> BaseModel:
    """What a process without models answers."""
    raise NoAnswer(f"no model {question.model} here")


TOOLS = Tools(now=lambda: NOW, labels=LABELS, ask=no_model)
TEAM = Candidates(code="codex", docs="hermes", findings="patchwarden")
POLICY = Policy(operators=(OPERATOR,), agents=(AGENT,), writers=(WRITER,), judge=JudgePolicy(candidates=TEAM))


def inputs(**change: Any) -> Inputs:
    """What judgments read of an open pull request with one commit."""
    values: dict[str, Any] = {
        "title": "Water the garden",
        "body": "It is dry.",
        "title_hash": digest("Water the garden"),
        "body_hash": digest("It is dry."),
        "author": AGENT,
        "state": "open",
        "default_branch": "main",
        "base": Side(ref="main", sha=BASE, repository=PULL.repository),
        "head": Side(ref="codex/water", sha=HEAD, repository=PULL.repository),
        "merge_base": BASE,
        "commits": (Commit(sha=HEAD, author=AGENT, message="Water the garden"),),
        "files": (ChangedFile(path="garden/plan.py", status="changed", old_mode="100644", new_mode="100644"),),
    }
    return Inputs(**(values | change))


def own(**change: Any) -> Own:
    """The bot's own things: nothing yet."""
    return Own(**({"account": BOT, "url": URL} | change))


def snapshot(target: Target = PULL, *, policy: Policy = POLICY, own: Own | None = None, **change: Any) -> Snapshot:
    """A snapshot of a pull request; further arguments change its inputs, `policy_...` its policy's state,
    `memory` what checks remember.
    """
    about = {name: change.pop(name) for name in list(change) if name.startswith("policy_")}
    about["memory"] = change.pop("memory", Memory())
    if target.kind is Kind.ISSUE:
        change = {"base": Side(), "head": Side(), "merge_base": "", "commits": (), "files": (), **change}
    mine = own or Own(account=BOT, url=URL)
    return Snapshot(target=target, taken_at=NOW, inputs=inputs(**change), policy=policy, own=mine, **about)


def report(verdict: Verdict = Verdict.PASS, *, check: str = "secret-leak", **change: Any) -> Report:
    """A report of one check that has nothing to say."""
    return Report(**({"check": check, "verdict": verdict, "summary": "all is well"} | change))


def finding(**change: Any) -> Finding:
    """A finding in an added line."""
    values: dict[str, Any] = {
        "rule": "forgejo-token",
        "severity": Severity.CRITICAL,
        "title": "A secret in an added line",
        "location": Location(where="diff", path="deploy/app.ini", line=3, commit=HEAD),
        "fingerprint": f"sf_{'0' * 16}",
    }
    return Finding(**(values | change))


def leak(fingerprint: str = f"sf_{'1' * 16}", **change: Any) -> Leak:
    """A leaked token in an added line of the head commit."""
    values: dict[str, Any] = {
        "rule": "forgejo-token",
        "family": "forgejo",
        "severity": Severity.CRITICAL,
        "location": Location(where="diff", path="deploy/app.ini", line=3, commit=HEAD),
        "fingerprint": fingerprint,
    }
    return Leak(**(values | change))


NOW_SEEN = ChangeState(head=HEAD, base="main", merge_base=BASE)
"""What the pull request is, as the delivery of an act that holds says it."""


def gap(what: str = "file big.bin", why: str = "a version of it is over 5120 KiB") -> Gap:
    """Something that wasn't looked at."""
    return Gap(what=what, why=why)


def seen(name: str, by: str = "", *, on: bool = True) -> LabelSeen:
    """A label as the timeline tells it."""
    return LabelSeen(name=name, on=on, by=by, at=NOW if by else None)


def held(name: str, value: str = "on", evidence: str = "", intended: str = "") -> Held:
    """What the ledger says the bot wrote at a place."""
    return Held(object=name, value=value, evidence=evidence, intended=intended, written_at=NOW - timedelta(hours=1))


def comment(body: str, number: int = 501) -> OwnComment:
    """A report comment of the bot, as observed."""
    content = digest(without_footer(body))
    return OwnComment(id=number, purpose="report", body_hash=digest(body), content_hash=content)


def wanted(body: str, *, only_if_there: bool = False) -> Plan:
    """A plan of one report comment and nothing else."""
    marker = "<!-- assay:workshop/garden!12 -->"
    return Plan(comments=(WantedComment(purpose="report", marker=marker, body=body, only_if_there=only_if_there),))


def report_body(*reports: Report, notices: tuple[str, ...] = (), **change: Any) -> str:
    """The Markdown of the report comment for some reports."""
    observed = snapshot(**change, policy_notes=notices)
    return plan(observed, reports).comments[0].body


def status(context: str = "assay/secret-leak", state: str = "success", **change: Any) -> StatusSeen:
    """A status on the head commit, posted by the bot."""
    return StatusSeen(**({"context": context, "state": state, "creator": BOT} | change))


def kinds(found: tuple[Action, ...]) -> list[str]:
    """The kinds of some actions, in their order."""
    return [action.kind for action in found]


def carried_out(observed: Snapshot, done: tuple[Action, ...]) -> Snapshot:
    """The snapshot that the next look takes when nobody else does anything: Forgejo and ledger after the writes."""
    mine = observed.own
    labels = {label.name: label for label in mine.labels}
    comments = {one.id: one for one in mine.comments}
    statuses = {one.context: one for one in mine.statuses}
    ledger = {one.object: one for one in mine.held}
    for action in done:
        ledger[action.object] = held(action.object, action.value, action.evidence)
        if action.kind.startswith("label"):
            labels[action.label] = seen(action.label, mine.account, on=action.kind == "label.add")
        elif action.kind == "reaction.create":
            continue
        elif action.kind == "comment.delete":
            del comments[action.comment_id or 0]
        elif action.kind.startswith("comment"):
            number = action.comment_id or max(comments, default=600) + 1
            purpose = action.object.removeprefix("comment:")
            comments[number] = comment(action.body, number).model_copy(update={"purpose": purpose})
        else:
            url = action.target_url or f"{mine.url}#issuecomment-{min(comments)}"
            statuses[action.context] = status(
                action.context, action.state, description=action.description, target_url=url, creator=mine.account
            )
    change: Mapping[str, Any] = {
        "labels": tuple(labels.values()),
        "comments": tuple(comments[number] for number in sorted(comments)),
        "statuses": tuple(statuses.values()),
        "held": tuple(ledger.values()),
    }
    return observed.model_copy(update={"own": mine.model_copy(update=change)})


def again(observed: Snapshot) -> Snapshot:
    """The snapshot as it comes back from a file."""
    return Snapshot.model_validate(json.loads(observed.model_dump_json()))
