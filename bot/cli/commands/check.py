"""`assay check`: what the checks say of a target, a snapshot, or something described by hand."""

import json
from typing import Annotated

import typer

from bot.cli.assess import judged, named_checks
from bot.cli.bootstrap import AsJson, run
from bot.cli.output import note, whole
from bot.cli.reports import exit_status, print_reports
from bot.cli.target_args import Given, SubjectText, subject_of, with_manual_input


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(check)


@with_manual_input
def check(
    given: Given,
    subject: SubjectText = "",
    only: Annotated[
        str, typer.Option(metavar="A,B", help="These checks alone, and also where the policy has them off.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run the checks on a target, on a snapshot, or on what the options describe, and print their reports.

    Nothing is written to Forgejo. A snapshot file and a description need no server; settings are then read from the
    environment alone. Ends with 1 when a check blocks, or when something couldn't be looked at. With --json it prints
    `assay.report.v1`.
    """
    names = named_checks(only)
    done = run(judged(subject_of(subject, given), names))
    if as_json:
        from bot.plan import values  # noqa: PLC0415 - as JSON alone

        seen = done.snapshot
        content = values(seen.target, done.reports) | {"snapshot": seen.hash, "head": seen.inputs.head.sha}
        whole(json.dumps(content, indent=2, sort_keys=True))
    else:
        print_reports(done.snapshot, done.reports)
    for name in sorted(names - {report.check for report in done.reports}):
        note(f"{name}: it doesn't look at this kind of target")
    raise typer.Exit(exit_status(done.reports))
