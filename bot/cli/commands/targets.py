"""`assay plan`, `apply`, `snapshot` and `replay`: evaluate one target from the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.assess import assessed, named_target, observed
from bot.cli.bootstrap import AsJson, opened_machine, run
from bot.cli.output import as_json, line, note, whole, working
from bot.cli.printing.differences import print_differences
from bot.cli.printing.reports import exit_status, print_overall, print_reports
from bot.cli.target_args import Given, read_snapshot, subject_of, with_manual_input
from bot.forgejo import endpoints
from bot.model import Report, Snapshot

if TYPE_CHECKING:
    from bot.app import Machine
    from bot.plan import Action
    from bot.reconcile import Evaluation

TargetText = Annotated[
    str, typer.Argument(metavar="TARGET", help="owner/repo!12 (pull request), owner/repo#12 (issue), or its URL.")
]


def add(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (plan, apply, snapshot, replay):
        app.command()(command)


def plan(target: TargetText, json: AsJson = False) -> None:
    """Print a target's reports, and the planned writes as differences.

    Reads the target from Forgejo, and the bot's database. Writes nothing to Forgejo.

    Exit status: 0 no check blocks; 1 a check blocks, or something could not be checked; 2 usage or configuration error;
    3 Forgejo or network error.
    """
    raise typer.Exit(run(_plan(target, json=json)))


def apply(target: TargetText, json: AsJson = False) -> None:
    """Evaluate a target and write the results to Forgejo now.

    Reads the target from Forgejo. Writes the comment, labels and statuses that `plan` prints, and the bot's database. A
    target that was silent since `setup` gets reports from then on.

    Exit status: 0 no check blocks; 1 a check blocks, or something could not be checked; 2 usage or configuration error;
    3 Forgejo or network error.
    """
    raise typer.Exit(run(_apply(target, json=json)))


@with_manual_input
def snapshot(
    given: Given,
    target: TargetText = "",
) -> None:
    """Print the snapshot of a target as JSON, with secrets masked.

    A snapshot is everything that the checks read. Reads a target from Forgejo, or the offline options, which need no
    server. Writes nothing to Forgejo. Use the snapshot with `assay replay`, `judge`, `check` or `policy explain`, on
    any machine.

    Exit status: 0 success; 2 usage or configuration error; 3 Forgejo or network error.
    """
    whole(run(_snapshot(target, given)).model_dump_json(indent=2))


def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file from `assay snapshot`; - is standard input.")],
    json: AsJson = False,
) -> None:
    """Run the checks on a snapshot file, offline.

    Reads the snapshot file. Needs no settings, no server and no database. Writes nothing.

    Exit status: 0 no check blocks; 1 a check blocks, or something could not be checked; 2 usage error.
    """
    raise typer.Exit(run(_replay(file, json=json)))


async def _plan(text: str, *, json: bool) -> int:
    async with opened_machine() as machine:
        target = named_target(text, machine)
        with working(f"Evaluating {target} …"):
            evaluation = await machine.reconciler.evaluate(target)
            before = {} if json else await _present(machine, evaluation)
    if json:
        as_json(_as_values(evaluation.snapshot, evaluation.reports, evaluation.actions))
    else:
        print_reports(evaluation.snapshot, evaluation.reports)
        print_differences("would write", evaluation.actions, evaluation.snapshot, before)
        _print_silence(evaluation)
        print_overall(evaluation.snapshot, evaluation.reports)
    return exit_status(evaluation.reports)


async def _apply(text: str, *, json: bool) -> int:
    async with opened_machine() as machine:
        target = named_target(text, machine)
        with working(f"Evaluating {target} and writing …"):
            evaluation, done = await machine.reconciler.apply_once(target)
    written = [one.action for one in done]
    if json:
        as_json(_as_values(evaluation.snapshot, evaluation.reports, written))
    else:
        print_reports(evaluation.snapshot, evaluation.reports)
        _print_actions("wrote", written)
        _print_silence(evaluation)
        print_overall(evaluation.snapshot, evaluation.reports)
    return exit_status(evaluation.reports)


async def _snapshot(text: str, given: Given) -> Snapshot:
    if given != Given() or not text:
        subject = subject_of(text, given)
        if isinstance(subject, Snapshot):
            return subject
    async with opened_machine() as machine:
        target = named_target(text, machine)
        with working(f"Evaluating {target} …"):
            evaluation = await machine.reconciler.evaluate(target)
    return observed(evaluation)


async def _replay(file: str, *, json: bool) -> int:
    done = await assessed(read_snapshot(file))
    if json:
        as_json(_as_values(done.snapshot, done.reports, None))
    else:
        print_reports(done.snapshot, done.reports)
        print_overall(done.snapshot, done.reports)
    return exit_status(done.reports)


async def _present(machine: "Machine", evaluation: "Evaluation") -> dict[int, str]:
    """Return the present texts of the comments that would be edited, by their numbers. Raises ForgejoError."""
    name = evaluation.snapshot.target.repository
    numbers = [one.comment_id for one in evaluation.actions if one.kind == "comment.edit" and one.comment_id]
    return {number: (await endpoints.COMMENT.get(machine.client, name, number)).body for number in numbers}


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


def _print_actions(verb: str, actions: "Sequence[Action]") -> None:
    line()
    line(f"{verb}:" if actions else f"{verb}: nothing")
    for action in actions:
        line(f"  {action}")


def _print_silence(evaluation: "Evaluation") -> None:
    seen = evaluation.snapshot
    if seen.inputs.archived or not seen.own.can_write:
        why = "the repository is archived" if seen.inputs.archived else f"{seen.own.account} has no write access"
        note(f"nothing is written: {why}")
    elif seen.own.quiet:
        note("the server writes nothing here until the target's next event; run assay apply to write now")
