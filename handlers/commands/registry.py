"""The table of all commands: usage, required role, effect. `/help` and the documentation print it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from typing import Literal

from bot.text import cell


class Role(IntEnum):
    """The role of an account in a repository, in rising order."""

    ANYONE = 0
    WRITER = 1
    OPERATOR = 2

    def __str__(self) -> str:
        return ("anyone", "writers", "operators")[self]


@dataclass(frozen=True)
class Command:
    """One command. `takes` is the kind of its argument; the text after it is the reason.

    `role` is the required role, and `unless` when a higher one is required; `witness`: the bot must have received the
    comment by a webhook delivery.
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
            "Replies with this table, or with the row of one command.",
            "/help priority",
            takes="one",
        ),
        Command(
            "explain",
            "/explain CHECK",
            Role.ANYONE,
            "Replies with the details of a check's result.",
            "/explain secret-leak",
            takes="one",
        ),
        Command(
            "soak",
            "/soak",
            Role.ANYONE,
            "Replies with the state of the related soaks, and the next step.",
            "/soak",
        ),
        Command(
            "gate",
            "/gate",
            Role.ANYONE,
            "Replies with the gates here: the phrase of each, and whether it is open.",
            "/gate",
        ),
        Command(
            "recheck",
            "/recheck [CHECK]",
            Role.WRITER,
            "Runs the checks again, even if nothing changed.",
            "/recheck",
            takes="one",
        ),
        Command(
            "rejudge",
            "/rejudge [REASON]",
            Role.WRITER,
            "Makes a new judgment, even if nothing changed.",
            "/rejudge the incident is over",
            witness=True,
        ),
        Command(
            "label",
            "/label NAME...",
            Role.WRITER,
            "Sets labels. Put a name with a space in double quotes.",
            "/label kind/bug domain:ci",
            takes="names",
            unless="operators for decision labels",
        ),
        Command(
            "unlabel",
            "/unlabel NAME...",
            Role.WRITER,
            "Removes labels.",
            "/unlabel kind/bug",
            takes="names",
            unless="operators for decision labels",
        ),
        Command(
            "hold",
            "/hold [REASON]",
            Role.WRITER,
            "Keeps the status pending until an operator writes `/unhold`.",
            "/hold until the backup is tested",
            witness=True,
        ),
        Command(
            "priority",
            "/priority p0|p1|p2|p3 [REASON]",
            Role.WRITER,
            "Sets the priority of the judgment.",
            "/priority p1 customers are waiting",
            takes="one",
            witness=True,
            unless="operators to keep or lower it",
        ),
        Command("unhold", "/unhold [REASON]", Role.OPERATOR, "Ends a hold.", "/unhold", witness=True),
        Command(
            "park",
            "/park [REASON]",
            Role.OPERATOR,
            "Sets the next step to `park`: no work on it for now.",
            "/park after the summer",
            witness=True,
        ),
        Command(
            "soak-restart",
            "/soak-restart NAME [REASON]",
            Role.OPERATOR,
            "Restarts a soak on its tracking issue: its runs and audit so far no longer count.",
            "/soak-restart deploy-runner-token the runner was replaced",
            takes="one",
            witness=True,
        ),
        Command(
            "accept",
            "/accept FINGERPRINT REASON",
            Role.OPERATOR,
            "Accepts a finding as harmless here. Not allowed on one's own issue or pull request.",
            "/accept sf_0123456789abcdef a test fixture key without any access",
            takes="one",
            witness=True,
        ),
        Command(
            "trust",
            "/trust DIGEST",
            Role.OPERATOR,
            "Trusts the policy file with this digest: its security-relevant settings take effect once it is on the "
            "default branch.",
            f"/trust {64 * '0'}",
            takes="one",
            witness=True,
        ),
    )
}
"""All commands by name, in display order."""


def table(commands: Iterable[Command] = tuple(COMMANDS.values())) -> str:
    """Return a Markdown table of commands with the required role and an example."""
    rows = (
        f"| {cell(command.usage)} | {_who(command)} | {command.about} | {cell(command.example)} |"
        for command in commands
    )
    return "\n".join(["| command | allowed for | what it does | example |", "| --- | --- | --- | --- |", *rows])


def help_with(name: str) -> str:
    """Return the reply to `/help`: the row of one command, or the whole table for any other name."""
    return table((COMMANDS[name],)) if name in COMMANDS else table()


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the most similar name; empty if none is similar."""
    return next(iter(get_close_matches(name.lower(), sorted(names), n=1)), "")


def names_in(argument: str) -> tuple[str, ...]:
    """Return the label names of a decision on `/label` or `/unlabel`; its argument has one name per line."""
    return tuple(argument.split("\n"))


def _who(command: Command) -> str:
    return f"{command.role}; {command.unless}" if command.unless else str(command.role)
