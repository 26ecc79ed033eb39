"""The commands in one table: what is typed, who may, what happens. `/help` and the documentation print it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from typing import Literal

from bot.text import code


class Role(IntEnum):
    """What somebody is in a repository, in rising order."""

    ANYONE = 0
    WRITER = 1
    OPERATOR = 2

    def __str__(self) -> str:
        return ("anyone", "writers", "operators")[self]


@dataclass(frozen=True)
class Command:
    """One command. `takes` says what its first word or words are; what follows is why.

    `role` is the least that suffices, and `unless` when it takes more; `witness` says that the bot must have seen
    the comment come.
    """

    name: str
    usage: str
    role: Role
    about: str
    example: str
    takes: Literal["nothing", "one", "names"] = "nothing"
    witness: bool = False
    unless: str = ""


COMMANDS = {
    command.name: command
    for command in (
        Command(
            "help",
            "/help [COMMAND]",
            Role.ANYONE,
            "Answers with this table, or with what there is to know of one command.",
            "/help priority",
            takes="one",
        ),
        Command(
            "explain",
            "/explain CHECK",
            Role.ANYONE,
            "Answers with all that a check has to say here.",
            "/explain secret-leak",
            takes="one",
        ),
        Command(
            "soak",
            "/soak",
            Role.ANYONE,
            "Answers with where the soaks stand that this is about, and what comes next.",
            "/soak",
        ),
        Command(
            "gate",
            "/gate",
            Role.ANYONE,
            "Answers with the gates here: the phrase of each, and whether it is open.",
            "/gate",
        ),
        Command(
            "recheck",
            "/recheck [CHECK]",
            Role.WRITER,
            "Looks at everything anew, though nothing changed.",
            "/recheck",
            takes="one",
        ),
        Command(
            "rejudge",
            "/rejudge [WHY]",
            Role.WRITER,
            "Makes the judgment anew, though nothing changed.",
            "/rejudge the incident is over",
            witness=True,
        ),
        Command(
            "label",
            "/label NAME...",
            Role.WRITER,
            "Sets labels. A name with a blank in it stands in double quotes.",
            "/label kind/bug domain:ci",
            takes="names",
            unless="operators for labels by which somebody decides",
        ),
        Command(
            "unlabel",
            "/unlabel NAME...",
            Role.WRITER,
            "Takes labels off.",
            "/unlabel kind/bug",
            takes="names",
            unless="operators for labels by which somebody decides",
        ),
        Command(
            "hold",
            "/hold [WHY]",
            Role.WRITER,
            "Keeps the status pending until an operator writes `/unhold`.",
            "/hold until the backup is proven",
            witness=True,
        ),
        Command(
            "priority",
            "/priority p0|p1|p2|p3 [WHY]",
            Role.WRITER,
            "Sets the priority of the judgment.",
            "/priority p1 customers are waiting",
            takes="one",
            witness=True,
            unless="operators where it doesn't rise",
        ),
        Command("unhold", "/unhold [WHY]", Role.OPERATOR, "Ends a hold.", "/unhold", witness=True),
        Command(
            "park",
            "/park [WHY]",
            Role.OPERATOR,
            "Puts it aside: nobody is asked to act on it.",
            "/park after the summer",
            witness=True,
        ),
        Command(
            "soak-restart",
            "/soak-restart NAME [WHY]",
            Role.OPERATOR,
            "Starts a soak over on its tracking issue: what counted until now no longer does.",
            "/soak-restart deploy-runner-token the runner was replaced",
            takes="one",
            witness=True,
        ),
        Command(
            "accept",
            "/accept FINGERPRINT WHY",
            Role.OPERATOR,
            "Takes a finding for harmless here. Nobody does that on what he opened himself.",
            "/accept sf_0123456789abcdef a key of the test fixture; it opens nothing",
            takes="one",
            witness=True,
        ),
    )
}
"""All commands by name, in the order in which they are shown."""


def table(commands: Iterable[Command] = tuple(COMMANDS.values())) -> str:
    """Gives commands with who may and an example, as a Markdown table."""
    rows = (
        f"| {code(command.usage)} | {_who(command)} | {command.about} | {code(command.example)} |"
        for command in commands
    )
    return "\n".join(["| command | who may | what it does | example |", "| --- | --- | --- | --- |", *rows])


def help_with(name: str) -> str:
    """Gives what `/help` answers: one command's line, or all of the table where there is none of this name."""
    return table((COMMANDS[name],)) if name in COMMANDS else table()


def nearest(name: str, names: Iterable[str]) -> str:
    """Gives the name that was probably meant; empty where none comes near."""
    return next(iter(get_close_matches(name.lower(), sorted(names), n=1)), "")


def names_in(argument: str) -> tuple[str, ...]:
    """Gives the label names of a decision on `/label` or `/unlabel`; its argument has one a line."""
    return tuple(argument.split("\n"))


def _who(command: Command) -> str:
    return f"{command.role}; {command.unless}" if command.unless else str(command.role)
