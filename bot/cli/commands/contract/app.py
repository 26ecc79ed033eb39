"""`assay contract template`."""

from typing import Annotated

import typer

from bot.cli.bootstrap import run
from bot.cli.output import line
from bot.cli.printing.grouped_help import group
from bot.policy import PATH

app = group("Prepare the description of a pull request.")


@app.callback()
def contract() -> None:
    """Prepare the description of a pull request."""


@app.command()
def template(
    base: Annotated[
        str, typer.Option(metavar="BRANCH", help="The base branch; default is the remote's default branch.")
    ] = "",
    body_file: Annotated[
        str, typer.Option(metavar="FILE", help="A draft of the description; its text is kept; - is standard input.")
    ] = "",
    policy: Annotated[
        str, typer.Option(metavar="FILE", help=f"The policy file; default is {PATH} of the checkout, if it exists.")
    ] = "",
) -> None:
    """Print a description template for the current branch, filled in from the checkout.

    Reads the git checkout around the current folder, the draft, and the policy. Contacts no server, so the states of
    checks and references are missing. Text that you still have to write begins with TODO. Changes no files.

    Exit status: 0 success; 2 usage or configuration error; 3 git error.
    """
    from bot.cli.commands.contract.template import written  # noqa: PLC0415 - loads git code, which --help does not need

    for row in run(written(base, body_file, policy)).rstrip("\n").split("\n"):
        line(row)
