"""`assay policy`: trust a repository's rules as they stand, check a file before it is pushed, and say what rules do."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import RepositoryName, opened_machine, run
from bot.cli.commands.policy import backtest
from bot.cli.commands.policy.explain import explain
from bot.cli.output import as_json, line
from bot.labels import LabelSet
from bot.model import Repo
from bot.policy import Policy, PolicyError, load
from bot.text import YamlFile

if TYPE_CHECKING:
    from bot.app import Machine

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:assaymaster:policy:1"
SCHEMA_TITLE = "Policy of Assaymaster, .forgejo/assay.yml"

app = typer.Typer(no_args_is_help=True, help="Check a policy file, say what its rules do, and trust a repository's.")
app.command()(explain)
backtest.add(app)


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
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A label file; default is the one of the program.")
    ] = None,
) -> None:
    """Say of each mistake in a policy file where it stands and how to mend it. Ends with 2 when there are any.

    Rules are held against the declared labels: one that isn't declared, or by which somebody decides, no rule can set.
    """
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    _check(content.decode("utf-8", "replace"), "stdin" if file == "-" else file, LabelSet.load(labels))
    line(f"{file}: fine")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a policy, for editors: `assay policy schema > assay.schema.json`."""
    as_json(policy_schema())


def policy_schema() -> dict[str, Any]:
    """Gives the JSON Schema of a policy, with the keys as they are written in the file."""
    found = Policy.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, "$id": SCHEMA_ID, **found, "title": SCHEMA_TITLE}


def _check(text: str, path: str, labels: LabelSet) -> None:
    """Raises PolicyError with a line for each mistake."""
    from bot.labels import rule_faults  # noqa: PLC0415 - one command of many

    policy = load(text, path=path)
    file = YamlFile(text, path)
    problems = [
        f"{path}:{file.line_of(*place)}: {finding.text}" for place, finding in rule_faults(labels, policy.labels)
    ]
    if problems:
        raise PolicyError(problems)


async def _trust(repository: str, by: str) -> None:
    async with opened_machine() as machine:
        repo, commit = await _newest(machine, repository)
        operators = machine.settings.operators
        who = by or (operators[0] if len(operators) == 1 else "the command line")
        await machine.policies.trust(repo, commit, who)
    line(f"the policy of {repository} is trusted as it stands at {commit[:10]}, by {who}")


async def _newest(machine: "Machine", repository: str) -> tuple[Repo, str]:
    """Return a repository and the newest commit of its default branch.

    Raises ForgejoError, and BadParameter for an empty repository.
    """
    from bot.setup import head_of, repository_of  # noqa: PLC0415 - loads the machine, which check doesn't need

    found = await repository_of(machine.client, repository)
    commit = await head_of(machine.client, found)
    if not commit:
        raise typer.BadParameter(f"{repository} has no commits yet; push one first")
    return Repo(id=found.id, name=found.full_name), commit
