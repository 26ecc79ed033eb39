"""`assay plan`, `apply`, `snapshot` and `replay`: one target, looked at by hand."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from bot.cli_machine import AsJson, opened_machine, repository_name, run
from bot.cli_output import FINE, FOUND, as_json, line, note, whole, working
from bot.config import ConfigError
from bot.model import Finding, Report, Snapshot, Target, Tools, Verdict

if TYPE_CHECKING:
    from bot.actions import Action
    from bot.reconcile import Look
    from bot.service import Machine

TargetText = Annotated[
    str, typer.Argument(metavar="TARGET", help="owner/repo!12 (pull request), owner/repo#12 (issue), or its address.")
]
FAILING = frozenset({Verdict.BLOCK, Verdict.ERROR})
MIN_SHOWN = 10
"""Digits of a commit id that people read."""


def add(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (plan, apply, snapshot, replay):
        app.command()(command)


def plan(target: TargetText, json: AsJson = False) -> None:
    """Look at a target and print what the checks say and what would be written. Writes nothing to Forgejo.

    Ends with 1 when a check blocks, or when something couldn't be looked at.
    """
    raise typer.Exit(run(_plan(target, json=json)))


def apply(target: TargetText, json: AsJson = False) -> None:
    """Look at a target and write now: comment, labels, statuses, as `plan` prints them.

    A target that was there before the bot and was kept silent speaks from then on. Ends with 1 when a check blocks.
    """
    raise typer.Exit(run(_apply(target, json=json)))


def snapshot(target: TargetText) -> None:
    """Look at a target and print the snapshot as JSON: all that judgments read, with secrets masked.

    `assay replay` judges it again, anywhere.
    """
    run(_snapshot(target))


def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A snapshot from `assay snapshot`; - is standard input.")],
    json: AsJson = False,
) -> None:
    """Judge a snapshot again, offline: no settings, no server, no database. Ends with 1 when a check blocks."""
    raise typer.Exit(run(_replay(file, json=json)))


async def _plan(text: str, *, json: bool) -> int:
    async with opened_machine() as machine:
        target = _target(text, machine)
        with working(f"Looking at {target} …"):
            look = await machine.reconciler.look(target)
    if json:
        as_json(_as_values(look.snapshot, look.reports, look.actions))
    else:
        _print_reports(look.snapshot, look.reports)
        _print_actions("would write", look.actions)
        _print_silence(look)
    return _status(look.reports)


async def _apply(text: str, *, json: bool) -> int:
    from bot import records  # noqa: PLC0415 - loads SQLAlchemy, which replay and --help don't need

    async with opened_machine() as machine:
        target = _target(text, machine)
        async with machine.store.session() as session:
            await records.wake(session, [target])
        with working(f"Looking at {target}, and writing …"):
            look, done = await machine.reconciler.apply_once(target)
    written = [one.action for one in done]
    if json:
        as_json(_as_values(look.snapshot, look.reports, written))
    else:
        _print_reports(look.snapshot, look.reports)
        _print_actions("wrote", written)
        _print_silence(look)
    return _status(look.reports)


async def _snapshot(text: str) -> None:
    async with opened_machine() as machine:
        target = _target(text, machine)
        with working(f"Looking at {target} …"):
            look = await machine.reconciler.look(target)
    whole(look.snapshot.model_dump_json(indent=2))


async def _replay(file: str, *, json: bool) -> int:
    from bot.assess import assess  # noqa: PLC0415 - with the checks, a quarter of the start of every other command
    from handlers import CHECKS  # noqa: PLC0415 - as above

    seen = _read(file)
    reports = await assess(seen, CHECKS, Tools(now=lambda: seen.taken_at))
    if json:
        as_json(_as_values(seen, reports, None))
    else:
        _print_reports(seen, reports)
    return _status(reports)


def _target(text: str, machine: "Machine") -> Target:
    """Gives the target of a text. Raises BadParameter, and ConfigError for an address on another server."""
    try:
        target = Target.parse(text)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from None
    repository_name(target.repository)
    if "://" in text and not text.startswith(f"{machine.settings.forgejo_url}/"):
        raise ConfigError("the target is on another server than ASSAY_FORGEJO_URL; set that, or write owner/repo!12")
    return target


def _read(file: str) -> Snapshot:
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return Snapshot.model_validate_json(content)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise typer.BadParameter(
            f"{file} is no snapshot of this version: {where}: {first['type']}; make one with assay snapshot TARGET"
        ) from None


def _status(reports: Sequence[Report]) -> int:
    return FOUND if any(report.verdict in FAILING for report in reports) else FINE


def _as_values(seen: Snapshot, reports: Sequence[Report], actions: "Sequence[Action] | None") -> dict[str, Any]:
    values: dict[str, Any] = {
        "target": str(seen.target),
        "snapshot": seen.hash,
        "head": seen.inputs.head.sha,
        "reports": [report.model_dump(mode="json") for report in reports],
    }
    if actions is not None:
        values["actions"] = [{"text": str(action), **action.model_dump(mode="json")} for action in actions]
    return values


def _print_reports(seen: Snapshot, reports: Sequence[Report]) -> None:
    head = f", head {seen.inputs.head.sha[:MIN_SHOWN]}" if seen.inputs.head.sha else ""
    line(f"{seen.target} ({seen.inputs.state}{head})")
    line(f"snapshot {seen.hash}")
    for report in reports:
        line()
        line(f"{report.check}: {report.verdict}: {report.summary}")
        for finding in report.findings:
            _print_finding(finding)
        for told in report.notes:
            line(f"  note: {told}")


def _print_finding(finding: Finding) -> None:
    place = finding.location
    where = f"{place.path}:{place.line}" if place.path else place.where
    commit = f" in {place.commit[:MIN_SHOWN]}" if place.commit else ""
    line(f"  {finding.severity} {finding.rule}: {finding.title} ({where}{commit})")
    if finding.evidence:
        line(f"    evidence: {finding.evidence}")
    if finding.next_step:
        line(f"    next: {finding.next_step}")


def _print_actions(verb: str, actions: "Sequence[Action]") -> None:
    line()
    line(f"{verb}:" if actions else f"{verb}: nothing")
    for action in actions:
        line(f"  {action}")


def _print_silence(look: "Look") -> None:
    seen = look.snapshot
    if seen.inputs.archived or not seen.own.can_write:
        why = "the repository is archived" if seen.inputs.archived else f"{seen.own.account} has no right to write"
        note(f"nothing is written: {why}")
    elif seen.own.quiet:
        note("the server stays silent here until something happens on the target; assay apply speaks at once")
