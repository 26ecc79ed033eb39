"""The page of the command line, read from the command line itself, so that it says what `--help` says."""

import inspect
from collections.abc import Iterator
from typing import cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from bot.cli.main import app

_HEAD = """\
# Command line

This page is generated from the program by `python -m bot.docs`; `assay COMMAND --help` says the same.

Every command ends with 0 when all is fine, 1 for findings or a block, 2 for a mistake in usage or configuration, 3 when
Forgejo or the network fails, and 70 for a fault of the program itself. Results go to standard output, progress and
errors to standard error.

Commands in comments stand on [a page of their own](commands.md).
"""


def command_line_page() -> str:
    """Gives usage, arguments and options of every command, as Markdown."""
    return "\n".join([_HEAD, *_sections(get_command(app), "assay")])


def _sections(command: object, name: str) -> Iterator[str]:
    # Typer keeps its commands in classes of its own; these two are all that the program has.
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
    """A line of the table; empty for what the help doesn't show either."""
    record = cast("TyperArgument | TyperOption", parameter).get_help_record(context)
    if record is None:
        return ""
    written, meaning = (" ".join(part.split()).replace("|", "\\|") for part in record)
    return f"| `{written.removesuffix(' <str>')}` | {_angles(meaning)} |"


def _angles(text: str) -> str:
    """Text in which Markdown finds no HTML."""
    return text.replace("<", "&lt;")
