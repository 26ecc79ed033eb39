"""`assay policy explain`: shows which rule sets each label of a target, and why."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from bot.cli.assess import named_target
from bot.cli.bootstrap import AsJson, opened_machine, run
from bot.cli.output import as_json, line, note, working
from bot.cli.target_args import read_snapshot
from bot.labels import LabelSet
from bot.model import NoAnswer, Question, Report, Snapshot, Tools

CHECK = "labels"
DECIDED_FIRST = "commands"
"""Slash commands have priority over rules, so this check has to run first."""


def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET|FILE",
            help="owner/repo!12, owner/repo#12, a URL, or a file from `assay snapshot`; - is standard input.",
        ),
    ],
    json: AsJson = False,
) -> None:
    """Show which rule sets each label of a target, and why.

    Uses the policy in force. Reads a target from Forgejo, or a snapshot file offline. Writes nothing. The labels on the
    server may differ: a label that a person removed stays off as long as its reason does not change.

    Exit status: 0 success; 2 usage or configuration error; 3 Forgejo or network error.
    """
    offline = target == "-" or Path(target).is_file()
    seen, report = run(_offline(target) if offline else _look(target))
    if report is None:
        raise typer.BadParameter(f"the check {CHECK} is not installed, or does not apply to this target")
    if json:
        as_json(_values(seen, report))
    else:
        _print(seen, report)


async def _offline(file: str) -> tuple[Snapshot, Report | None]:
    from bot.plan import assess  # noqa: PLC0415 - with the checks, a quarter of the start of every other command
    from handlers import CHECKS  # noqa: PLC0415 - as above

    seen = read_snapshot(file)
    tools = Tools(now=lambda: seen.taken_at, labels=LabelSet.load(), ask=_no_model)
    assessed = await assess(seen, CHECKS, tools, only=(DECIDED_FIRST, CHECK))
    return assessed.snapshot, _of_labels(assessed.reports)


async def _look(text: str) -> tuple[Snapshot, Report | None]:
    async with opened_machine() as machine:
        target = named_target(text, machine)
        with working(f"Evaluating {target} …"):
            evaluation = await machine.reconciler.evaluate(target)
    return evaluation.snapshot, _of_labels(evaluation.reports)


async def _no_model(question: Question) -> BaseModel:
    raise NoAnswer(f"model {question.model} is not used offline")


def _of_labels(reports: Sequence[Report]) -> Report | None:
    return next((report for report in reports if report.check == CHECK), None)


def _values(seen: Snapshot, report: Report) -> dict[str, Any]:
    labels = [
        {"label": name, "on": on, "why": report.label_bases.get(name, "")} for name, on in sorted(report.labels.items())
    ]
    return {
        "target": str(seen.target),
        "snapshot": seen.hash,
        "summary": report.summary,
        "labels": labels,
        "notes": [*report.notes],
        "explanation": report.explanation,
    }


def _print(seen: Snapshot, report: Report) -> None:
    line(f"{seen.target}: {report.summary}")
    rows = list(_rows(report))
    width = max((len(name) for name, _ in rows), default=0)
    for name, why in rows:
        line(f"  {name.ljust(width)}  {why}")
    for text in report.notes:
        note(f"note: {text}")


def _rows(report: Report) -> Iterator[tuple[str, str]]:
    """Yield labels that are on, and labels that are off for their own reason, not because of an exclusive group."""
    on = {report.label_bases.get(name, "") for name, stands in report.labels.items() if stands}
    for name, stands in report.labels.items():
        why = report.label_bases.get(name, "")
        if stands or why not in on:
            yield f"{'' if stands else 'off '}{name}", why
