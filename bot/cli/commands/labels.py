"""`assay labels`: make a repository's or an organisation's labels those of `labels.yaml`, and look for weak ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import NAME, REPOSITORY, opened_machine, run
from bot.cli.output import FINE, FOUND, line, note, working
from bot.labels import LabelSet
from bot.policy import PATH, Policy, load

if TYPE_CHECKING:
    from bot.forgejo import ForgejoAPI
    from bot.labels import LabelChange

app = typer.Typer(no_args_is_help=True, help="Make labels those of labels.yaml, and check that file.")
LabelFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="A label file; default is the one of the program.")
]

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help=f"A policy whose rules use labels; {PATH} where it is there."),
]


@app.command()
def sync(
    room: Annotated[str, typer.Argument(metavar="OWNER/REPO|ORG", help="A repository, or an organisation.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the changes and write nothing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete labels that aren't listed and that nothing has.")
    ] = False,
    file: LabelFile = None,
) -> None:
    """Create, rename and mend labels until they are those of the file; what carries a label goes on carrying it.

    Conflicts (doubles, two names for one thing) are printed and left to you; then it ends with 1.
    """
    if not (REPOSITORY.fullmatch(room) or NAME.fullmatch(room)):
        raise typer.BadParameter(f"{room!r} is no repository and no organisation; write owner/repo or the name")
    if prune and "/" not in room:
        raise typer.BadParameter(
            "an organisation can't be pruned: Forgejo doesn't tell which of its repositories use a label; "
            "leave --prune out"
        )
    raise typer.Exit(run(_sync(room, LabelSet.load(file), dry_run=dry_run, prune=prune)))


@app.command()
def lint(file: LabelFile = None, policy: PolicyFile = None) -> None:
    """Print what is wrong or weak in a label file. Ends with 1 when there are errors; warnings alone end with 0.

    Among the errors are labels that a check or a rule of the policy sets and that the file doesn't declare.
    """
    from bot.labels import lint_labels as findings_of  # noqa: PLC0415 - one command of many
    from bot.labels import rule_faults  # noqa: PLC0415 - as above
    from handlers import CHECKS  # noqa: PLC0415 - as above

    labels = LabelSet.load(file, check=False)
    rules = _policy(policy).labels
    found = [finding for _, finding in rule_faults(labels, rules)]
    found += findings_of(labels, {f"check {check.name}": check.labels for check in CHECKS})
    for finding in found:
        line(f"{finding.level}: {finding.text}")
    if not found:
        line(f"{len(labels.labels)} labels, nothing to mend")
    raise typer.Exit(FOUND if any(finding.level == "error" for finding in found) else FINE)


def _policy(file: Path | None) -> Policy:
    """Gives the policy of a file; without one, that of the repository stood in, or the default one."""
    here = Path(PATH)
    if file is None and not here.is_file():
        return Policy()
    chosen = file or here
    return load(chosen.read_bytes().decode("utf-8", "replace"), path=str(chosen))


async def _sync(room: str, labels: LabelSet, *, dry_run: bool, prune: bool) -> int:
    from bot.labels.sync_client import changes_for  # noqa: PLC0415 - loads the client, which lint doesn't need

    async with opened_machine() as machine:
        with working(f"Reading the labels of {room} …"):
            changes = await changes_for(machine.client, room, labels, prune=prune)
        failed = 0 if dry_run else await _carry_out(machine.client, room, changes)
    if dry_run:
        for change in changes:
            line(change.text)
    conflicts = sum(change.kind == "conflict" for change in changes)
    if not changes:
        note(f"{room} has the labels as they should be; nothing to change")
    elif dry_run:
        note(f"{len(changes) - conflicts} changes, none made")
    return FOUND if conflicts or failed else FINE


async def _carry_out(client: "ForgejoAPI", room: str, changes: "Sequence[LabelChange]") -> int:
    """Makes the changes and gives how many the server made otherwise."""
    from bot.labels.sync_client import carry_out  # noqa: PLC0415 - loads the client, which lint doesn't need

    failed = 0
    for change in changes:
        wrong = await carry_out(client, room, change)
        failed += bool(wrong)
        line(f"{change.text}{f': {wrong}' if wrong else ''}")
    return failed
