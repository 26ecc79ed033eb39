"""`assay labels`: syncs the labels of a repository or an organisation with `labels.yaml`, and lints that file."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.bootstrap import NAME, REPOSITORY, opened_machine, run
from bot.cli.output import FINE, FOUND, line, note, working
from bot.cli.printing.grouped_help import group
from bot.labels import LabelSet
from bot.policy import PATH, Policy, load

if TYPE_CHECKING:
    from bot.app import Machine
    from bot.forgejo import ForgejoAPI
    from bot.labels import LabelChange

app = group("Sync label definitions with labels.yaml, and lint that file.")
LabelFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="The label file; default is the built-in labels.yaml.")
]

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help=f"A policy with label rules; default is {PATH}, if it exists."),
]


@app.command()
def sync(
    room: Annotated[str, typer.Argument(metavar="OWNER/REPO|ORG", help="A repository, or an organisation.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the changes and write nothing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete labels that are not in the file and not in use.")
    ] = False,
    file: LabelFile = None,
) -> None:
    """Make the server's labels match the label file.

    Creates, renames and updates labels; with --prune also deletes them. Several definitions of one label in a
    repository that are exactly as declared become the oldest one: what carries another one gets it first. Reads the
    label file and the server's labels. Writes label definitions, and the labels of what carries a duplicate. Conflicts
    (duplicate labels with another colour or text, old and new name both present) are printed for you to resolve.

    Exit status: 0 success; 1 conflicts, or a change failed; 2 usage or configuration error; 3 Forgejo or network error.
    """
    if not (REPOSITORY.fullmatch(room) or NAME.fullmatch(room)):
        raise typer.BadParameter(f"{room!r} is neither a repository nor an organisation; use owner/repo or a name")
    if prune and "/" not in room:
        raise typer.BadParameter(
            "--prune is not supported for an organisation: Forgejo does not report which repositories use a label; "
            "remove --prune"
        )
    raise typer.Exit(run(_sync(room, LabelSet.load(file), dry_run=dry_run, prune=prune)))


@app.command()
def lint(file: LabelFile = None, policy: PolicyFile = None) -> None:
    """Print errors and warnings for a label file.

    Reads the label file and the policy. It is an error if a check or a label rule of the policy sets a label that the
    file does not declare. Writes nothing.

    Exit status: 0 no errors; 1 errors; 2 usage or configuration error.
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
        line(f"{len(labels.labels)} labels, no problems")
    raise typer.Exit(FOUND if any(finding.level == "error" for finding in found) else FINE)


def _policy(file: Path | None) -> Policy:
    """Return the policy of a file; without one, that of the current folder, or the default policy."""
    here = Path(PATH)
    if file is None and not here.is_file():
        return Policy()
    chosen = file or here
    return load(chosen.read_bytes().decode("utf-8", "replace"), path=str(chosen))


async def _sync(room: str, labels: LabelSet, *, dry_run: bool, prune: bool) -> int:
    from bot.labels.sync_client import changes_for  # noqa: PLC0415 - loads the client, which lint doesn't need

    async with opened_machine() as machine, nullcontext() if dry_run else _alone(machine, room):
        with working(f"Reading the labels of {room} …"):
            changes = await changes_for(machine.client, room, labels, prune=prune)
        failed = 0 if dry_run else await _carry_out(machine.client, room, changes)
    if dry_run:
        for change in changes:
            line(change.text)
    conflicts = sum(change.kind == "conflict" for change in changes)
    if not changes:
        note(f"the labels of {room} are up to date")
    elif dry_run:
        note(f"dry run: {len(changes) - conflicts} changes not made")
    return FOUND if conflicts or failed else FINE


@asynccontextmanager
async def _alone(machine: "Machine", room: str) -> AsyncIterator[None]:
    """Keep other processes from defining the same labels meanwhile. Raises ForgejoError, StoreError."""
    from bot.forgejo import endpoints  # noqa: PLC0415 - loads the client, which lint doesn't need
    from bot.labels.sync_client import DEFINITIONS  # noqa: PLC0415 - as above

    what, number = f"{DEFINITIONS} of {room.lower()}", 0
    if "/" in room:
        what, number = DEFINITIONS, (await endpoints.REPOSITORY.get(machine.client, room)).id
    async with machine.store.alone(what, number):
        yield


async def _carry_out(client: "ForgejoAPI", room: str, changes: "Sequence[LabelChange]") -> int:
    """Make the changes and return how many the server did not make as requested."""
    from bot.labels.sync_client import carry_out  # noqa: PLC0415 - loads the client, which lint doesn't need

    failed = 0
    for change in changes:
        wrong = await carry_out(client, room, change)
        failed += bool(wrong)
        line(f"{change.text}{f': {wrong}' if wrong else ''}")
    return failed
