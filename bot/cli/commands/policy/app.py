"""`assay policy`: trust a repository's current policy, check a policy file, and explain what its rules do."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.bootstrap import RepositoryName, opened_machine, read_settings, run
from bot.cli.commands.policy import backtest
from bot.cli.commands.policy.explain import explain
from bot.cli.output import as_json, line, note
from bot.cli.printing.grouped_help import group
from bot.labels import LabelSet
from bot.model import Repo
from bot.plan import WAITS, changes
from bot.policy import FOLDERS, PATH, Policy, PolicyError, load, misplaced, text_digest
from bot.text import YamlFile

if TYPE_CHECKING:
    from bot.app import Machine

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:assaymaster:policy:1"
SCHEMA_TITLE = "Policy of Assaymaster, .forgejo/assay.yml"

app = group("Check, explain, backtest or trust a policy.")
app.command()(explain)
backtest.add(app)


@app.command()
def trust(
    repository: RepositoryName,
    digest: Annotated[
        str, typer.Argument(metavar="[DIGEST]", help="The digest of the file that you read; default is to ask.")
    ] = "",
    by: Annotated[
        str, typer.Option(metavar="LOGIN", help="Who trusts it, for the ledger; default is the only operator, if one.")
    ] = "",
) -> None:
    """Trust the policy on the default branch and put it in force.

    This includes its security-relevant settings. Read the policy file first: anybody who can push to the default branch
    may have written it, and no merge makes it trusted. Without DIGEST, the command shows what the file changes and its
    digest, and asks. With DIGEST, it trusts that file and no other; the report of a pull request shows the same digest.
    The logins in its lists mean the accounts that have them now. Reads the repository and these accounts from Forgejo.
    Writes the bot's database, not Forgejo.

    Exit status: 0 success; 2 usage or configuration error, the policy is invalid, or its digest is another one; 3
    Forgejo or network error; 130 not confirmed.
    """
    run(_trust(repository, digest, by))


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A policy file, such as .forgejo/assay.yml; - is standard input.")
    ],
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The label file; default is the built-in labels.yaml.")
    ] = None,
) -> None:
    """Validate a policy file and print each error with its line.

    Reads the policy file and the label file: a rule cannot set an undeclared label or a label of a decision group. If
    the bot's settings are here, `judge.model` must be one of its models. Writes nothing.

    Exit status: 0 the file is valid; 2 the file has errors.
    """
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    _check(content.decode("utf-8", "replace"), "stdin" if file == "-" else file, LabelSet.load(labels))
    line(f"{file}: valid")
    if file != "-" and _misplaced(Path(file)):
        note(f"warning: the bot does not read this file: it reads only {PATH}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a policy, for editors.

    Example: `assay policy schema > assay.schema.json`. Reads and writes nothing else.

    Exit status: 0 success.
    """
    as_json(policy_schema())


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy, with the keys as in the file."""
    found = Policy.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, "$id": SCHEMA_ID, **found, "title": SCHEMA_TITLE}


def _misplaced(file: Path) -> bool:
    folder, name = file.resolve().parts[-2:]
    return misplaced(f"{folder}/{name}" if folder.casefold() in FOLDERS else name)


def _models() -> Collection[str] | None:
    """Return the models of the bot's settings; None where there are no settings, as in a job that only checks files."""
    settings = read_settings()
    return settings.models if settings.forgejo_url or settings.models else None


def _check(text: str, path: str, labels: LabelSet) -> None:
    """Raise PolicyError with one line for each error."""
    from bot.labels import rule_faults  # noqa: PLC0415 - one command of many

    policy = load(text, path=path, models=_models())
    file = YamlFile(text, path)
    problems = [
        f"{path}:{file.line_of(*place)}: {finding.text}" for place, finding in rule_faults(labels, policy.labels)
    ]
    if problems:
        raise PolicyError(problems)


async def _trust(repository: str, digest: str, by: str) -> None:
    async with opened_machine() as machine:
        repo, commit = await _newest(machine, repository)
        text = await machine.policies.text(repo.name, commit)
        named = text_digest(text)
        if digest and digest.lower() != named:
            raise typer.BadParameter(
                f"the policy at commit {commit[:10]} has another digest, {named}; read it again", param_hint="DIGEST"
            )
        policy = load(text, models=_models())
        if not digest:
            in_force = await machine.policies.in_force(repo, commit)
            for change in changes(in_force.policy, policy.narrowed(machine.settings.operators)) or ("no change",):
                line(change.removesuffix(WAITS))
            line(f"digest of {PATH} at commit {commit[:10]}: {named}")
            typer.confirm(f"Trust this policy of {repository}?", abort=True)
        operators = machine.settings.operators
        who = by or (operators[0] if len(operators) == 1 else "the command line")
        await machine.policies.trust(repo, commit, who)
    line(f"the policy of {repository} at commit {commit[:10]} is now trusted, by {who}")


async def _newest(machine: "Machine", repository: str) -> tuple[Repo, str]:
    """Return a repository and the newest commit of its default branch.

    Raises ForgejoError, and BadParameter for an empty repository.
    """
    from bot.setup import head_of, repository_of  # noqa: PLC0415 - loads the machine, which check doesn't need

    found = await repository_of(machine.client, repository)
    commit = await head_of(machine.client, found)
    if not commit:
        raise typer.BadParameter(f"{repository} has no commits; push one first")
    return Repo(id=found.id, name=found.full_name), commit
