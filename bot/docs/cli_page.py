"""Generates the page of the command line from its `--help` texts."""

import inspect
from collections.abc import Iterator
from typing import cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from bot.cli.main import app

_HEAD = """\
# Command line

This page lists all commands of `assay`, with their arguments and options. It is generated from `assay COMMAND --help`
by `python -m bot.docs`. For slash commands in comments, see [Commands in comments](commands.md).

Results go to standard output, progress and errors to standard error. Exit status of all commands:

| status | meaning |
| --- | --- |
| 0 | success |
| 1 | findings, blocked, or something that could not be checked |
| 2 | usage or configuration error |
| 3 | Forgejo or network error |
| 70 | internal error (a bug) |
| 130 | interrupted by Ctrl+C |
"""


def command_line_page() -> str:
    """Return usage, arguments and options of every command, as Markdown."""
    return "\n".join([_HEAD, *_sections(get_command(app), "assay")])


def _sections(command: object, name: str) -> Iterator[str]:
    # Typer has its own command classes; the program uses only these two.
    known = cast("TyperCommand | TyperGroup", command)
    context = typer.Context(known, info_name=name)
    yield f"## `{name}`\n"
    yield f"```\n{' '.join([name, *known.collect_usage_pieces(context)])}\n```\n"
    yield f"{_angles(inspect.cleandoc(known.help or ''))}\n"
    rows = [row for parameter in known.params if (row := _row(parameter, context))]
    if rows:
        yield "\n".join(["| argument or option | meaning |", "| --- | --- |", *rows, ""])
    for part, inner in getattr(known, "commands", {}).items():
        yield from _sections(inner, f"{name} {part}")


def _row(parameter: object, context: typer.Context) -> str:
    """Return a row of the table; empty for a parameter that the help hides."""
    record = cast("TyperArgument | TyperOption", parameter).get_help_record(context)
    if record is None:
        return ""
    written, meaning = (" ".join(part.split()).replace("|", "\\|") for part in record)
    return f"| `{written.removesuffix(' <str>')}` | {_angles(meaning)} |"


def _angles(text: str) -> str:
    """Return the text escaped, so that Markdown finds no HTML in it."""
    return text.replace("<", "&lt;")
