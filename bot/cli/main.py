"""The command `assay`: its subcommands, and the one place where errors become an exit status.

0 success, 1 findings or blocked, 2 usage or configuration error, 3 Forgejo or network error, 70 internal error.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from bot.cli.commands import (
    accounts,
    check,
    database,
    deliveries,
    failing,
    judge,
    labels,
    ledger,
    repositories,
    server,
    targets,
    webhooks,
)
from bot.cli.commands.contract import app as contract
from bot.cli.commands.evidence import app as evidence
from bot.cli.commands.policy import app as policy
from bot.cli.commands.scan import app as scan
from bot.cli.commands.soak import app as soak
from bot.cli.output import USAGE, line, note
from bot.cli.printing.grouped_help import GroupedHelp

app = typer.Typer(
    name="assay",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=GroupedHelp,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
server.add(app)
targets.add(app)
judge.add(app)
check.add(app)
scan.add(app)
app.add_typer(accounts.app, name="accounts")
app.add_typer(contract.app, name="contract")
app.add_typer(database.app, name="db")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(evidence.app, name="evidence")
app.add_typer(labels.app, name="labels")
app.add_typer(ledger.app, name="ledger")
app.add_typer(policy.app, name="policy")
app.add_typer(repositories.app, name="repositories")
app.add_typer(soak.app, name="soak")
app.add_typer(failing.app, name="targets")
app.add_typer(webhooks.app, name="webhooks")


def _version(wanted: bool) -> None:
    if wanted:
        line(f"assay {version('assaymaster')}")
        raise typer.Exit


@app.callback()
def assay(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Check pull requests and issues on a Forgejo server, and ask an operator only for decisions.

    Settings are environment variables ASSAY_… or keys in assay.toml in the current folder; the environment has
    priority. Start with ASSAY_FORGEJO_URL and ASSAY_TOKEN_FILE.

    Exit status: 0 success; 1 findings, blocked, or something not checked; 2 usage or configuration error;
    3 Forgejo or network error; 70 internal error (a bug); 130 interrupted.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; an error is printed in one or two lines."""
    try:
        status = get_command(app).main(args=list(arguments), prog_name="assay", standalone_mode=False)
    except TyperException as fault:
        return _misused(fault)
    except typer.Abort:
        note("assay: interrupted")
        return 130
    except Exception as fault:  # noqa: BLE001 - a crash must not end with 1, which means findings
        if os.environ.get("ASSAY_LOG_LEVEL", "").lower() == "debug":
            traceback.print_exc()
        from bot.cli.errors import explained  # noqa: PLC0415 - imports every error class, so it loads everything

        code, lines = explained(fault)
        for text in lines:
            note(f"assay: {text}")
        return code
    return status if isinstance(status, int) else 0


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def _misused(fault: TyperException) -> int:
    context = getattr(fault, "ctx", None)
    message = getattr(fault, "format_message", lambda: str(fault))()
    if type(fault).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{message}\n")
        return USAGE
    note(f"assay: {message}")
    if context is not None:
        note(f"See {context.command_path} --help for usage.")
    return USAGE
