"""`assay contract template`."""

from typing import Annotated

import typer

from bot.cli.bootstrap import run
from bot.cli.output import line
from bot.policy import PATH

app = typer.Typer(help="Descriptions of pull requests.", no_args_is_help=True)


@app.callback()
def contract() -> None:
    """Descriptions of pull requests."""


@app.command()
def template(
    base: Annotated[
        str, typer.Option(metavar="BRANCH", help="Where the branch is to go; the remote's default branch if not given.")
    ] = "",
    body_file: Annotated[
        str, typer.Option(metavar="FILE", help="What is written already and stays; - is standard input.")
    ] = "",
    policy: Annotated[
        str, typer.Option(metavar="FILE", help=f"The policy; {PATH} of the checkout, if it is there and none is given.")
    ] = "",
) -> None:
    """Print the description for what this branch changes, filled in as far as the checkout tells.

    What is left to write begins with TODO. No server is asked, so how checks and references stand isn't in it.
    """
    from bot.cli.commands.contract.template import written  # noqa: PLC0415 - loads git's half, which --help doesn't need

    for row in run(written(base, body_file, policy)).rstrip("\n").split("\n"):
        line(row)
