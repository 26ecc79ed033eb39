"""`assay policy`: trust a repository's rules as they stand, and check a file before it is pushed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli_machine import RepositoryName, opened_machine, run
from bot.cli_output import line
from bot.policy import load

if TYPE_CHECKING:
    from bot.service import Machine

app = typer.Typer(no_args_is_help=True, help="Check a policy file, and trust the one of a repository.")


@app.command()
def trust(
    repository: RepositoryName,
    by: Annotated[
        str, typer.Option(metavar="LOGIN", help="Who trusts it, for the ledger; the operator where there is one alone.")
    ] = "",
) -> None:
    """Put the policy in force as it stands on the default branch now, what it trusts included.

    Read it first: whoever can push to that branch wrote it. Changes merged by an operator are trusted by themselves.
    """
    run(_trust(repository, by))


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A policy, such as .forgejo/assay.yml; - is standard input.")
    ],
) -> None:
    """Say of each mistake in a policy file where it stands and how to mend it. Ends with 2 when there are any."""
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    load(content.decode("utf-8", "replace"), path="stdin" if file == "-" else file)
    line(f"{file}: fine")


async def _trust(repository: str, by: str) -> None:
    async with opened_machine() as machine:
        commit = await _newest(machine, repository)
        operators = machine.settings.operators
        who = by or (operators[0] if len(operators) == 1 else "the command line")
        await machine.policies.trust(repository, commit, who)
    line(f"the policy of {repository} is trusted as it stands at {commit[:10]}, by {who}")


async def _newest(machine: "Machine", repository: str) -> str:
    """Gives the newest commit of the default branch. Raises ForgejoError, BadParameter for an empty repository."""
    from bot.setup import head_of, repository_of  # noqa: PLC0415 - loads the machine, which check doesn't need

    found = await repository_of(machine.client, repository)
    commit = await head_of(machine.client, found)
    if not commit:
        raise typer.BadParameter(f"{repository} has no commits yet; push one first")
    return commit
