"""`assay check`: runs the checks on a target, a snapshot file, or a target described by options."""

import json
from typing import Annotated

import typer

from bot.cli.assess import judged, named_checks
from bot.cli.bootstrap import AsJson, run
from bot.cli.output import note, whole
from bot.cli.printing.reports import exit_status, print_overall, print_reports
from bot.cli.target_args import Given, SubjectText, subject_of, with_manual_input


def add(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(check)


@with_manual_input
def check(
    given: Given,
    subject: SubjectText = "",
    only: Annotated[
        str, typer.Option(metavar="A,B", help="Run only these checks, even if the policy disables them.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run the checks and print their reports.

    Reads a target from Forgejo, a snapshot file, or a target described by the offline options. Only a target needs a
    server; otherwise settings come from the environment only, not from assay.toml. Writes nothing to Forgejo. With
    --json it prints `assay.report.v1`.

    Exit status: 0 no check blocks; 1 a check blocks, or something could not be checked; 2 usage or configuration error;
    3 Forgejo or network error.
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
        print_overall(done.snapshot, done.reports)
    for name in sorted(names - {report.check for report in done.reports}):
        note(f"{name}: skipped, it does not apply to this kind of target")
    raise typer.Exit(exit_status(done.reports))
