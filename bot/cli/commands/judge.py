"""`assay judge`: prints the judgment of a target, a snapshot file, or a target described by options."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from bot.cli.assess import judged
from bot.cli.bootstrap import AsJson, run
from bot.cli.output import FINE, FOUND, line, note, whole
from bot.cli.printing.reports import print_head
from bot.cli.target_args import Given, SubjectText, subject_of, with_manual_input
from bot.model import Report

if TYPE_CHECKING:
    from bot.plan import Assessment

CHECK = "judge"
WIDTH = 14


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(judge)


@with_manual_input
def judge(given: Given, subject: SubjectText = "", as_json: AsJson = False) -> None:
    """Judge a target and print priority, next step and reasons.

    Reads a target from Forgejo, a snapshot file, or a target described by the offline options. Only a target needs a
    server; otherwise settings come from the environment only, not from assay.toml. Runs even if the policy disables the
    judge. Writes nothing to Forgejo. With --json it prints the `openclaw.judge.v0` payload.

    Exit status: 0 success; 1 there is no judgment; 2 usage or configuration error; 3 Forgejo or network error.
    """
    done = run(judged(subject_of(subject, given), frozenset({CHECK})))
    content = current_judgment(done)
    report = next((report for report in done.reports if report.check == CHECK), None)
    if report is not None and (content is None or _theirs(report)):
        note(f"{report.check}: {report.verdict}: {report.summary}")
    if content is None:
        note("the bot has made no judgment of its own")
    elif as_json:
        whole(json.dumps(content, indent=2, sort_keys=True))
    else:
        _print(done, content)
    raise typer.Exit(FOUND if content is None else FINE)


def _theirs(report: Report) -> bool:
    """Return whether another judge's judgment applies instead of the bot's own."""
    return report.comment is not None and report.comment.only_if_there


def current_judgment(done: "Assessment") -> dict[str, Any] | None:
    """Return the payload of the newest judgment: the one made now, else the last earlier one."""
    found = [judgment.content for judgment in done.snapshot.memory.judgments if judgment.check == CHECK]
    return found[-1] if found else None


def _print(done: "Assessment", content: Mapping[str, Any]) -> None:
    print_head(done.snapshot)
    line()
    for name, value in _fields(content):
        line(f"{name:{WIDTH}} {value}")
    for name, key in (("Rationale", "rationale_summary"), ("Caveat", "top_caveat")):
        line()
        line(f"{name}: {content.get(key, '')}")
    line()
    line("Evidence:")
    for ref in content.get("evidence_refs", ()):
        line(f"  {ref.get('value', '')}: {ref.get('note', '')}")
    line()
    line("Hashes:")
    state = content.get("target_snapshot", {})
    for key in ("title_hash", "body_hash", "labels_hash", "evidence_hash"):
        line(f"  {key.removesuffix('_hash'):{WIDTH - 2}} {state.get(key, '')}")


def _fields(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    def say(key: str) -> str:
        return str(content.get(key, ""))

    actor, escalation = content.get("judge_actor", {}), content.get("escalation") or {}
    yield "Priority", say("priority")
    yield "Action", say("recommended_next_action")
    yield "Scores", f"reach {say('reach')} / impact {say('impact')} / confidence {say('confidence')}"
    yield "Operator fit", say("piotr_fit")
    yield "Effort", say("effort_hint")
    if escalation:
        yield "Escalation", f"{escalation.get('kind', '')}: {escalation.get('reason', '')}"
    yield "Labels", ", ".join(content.get("labels_to_apply", ()))
    yield "Judge", f"{actor.get('name', '')} via {actor.get('runtime', '')}"
    yield "Judged", f"{say('judged_at')}, {say('rerun_reason')}"
