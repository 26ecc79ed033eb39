"""The help of a group of commands: under headings, and with each sentence whole."""

from collections.abc import Mapping, Sequence

import typer
from typer._click import Context, HelpFormatter
from typer.core import TyperGroup

HEADINGS: Mapping[str, Sequence[str]] = {
    "Start": ("demo", "setup", "serve"),
    "One target": ("plan", "apply", "check", "judge", "snapshot", "replay"),
    "By hand": ("scan", "contract", "evidence", "soak", "policy", "labels"),
    "Run the server": (
        "targets",
        "deliveries",
        "repositories",
        "accounts",
        "webhooks",
        "ledger",
        "db",
    ),
}
"""The headings of `assay --help`, each with its commands in their order."""
WHOLE = 1_000


class WholeHelp(TyperGroup):
    """A group whose help cuts no sentence."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands, below their headings where the group has some."""
        names = self.list_commands(ctx)
        grouped = [(head, [name for name in listed if name in names]) for head, listed in self.headings().items()]
        rest = [name for name in names if not any(name in listed for _, listed in grouped)]
        for head, listed in (*grouped, ("Commands" if not grouped else "More", rest)):
            rows = [(name, self._said(ctx, name)) for name in listed]
            if rows:
                with formatter.section(head):
                    formatter.write_dl(rows)

    def headings(self) -> Mapping[str, Sequence[str]]:
        """Return the headings with their commands; none for a group of its own."""
        return {}

    def _said(self, ctx: Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=WHOLE) if command else ""


def group(about: str) -> typer.Typer:
    """Return a group of commands with this help."""
    return typer.Typer(cls=WholeHelp, no_args_is_help=True, help=about)


class GroupedHelp(WholeHelp):
    """The help of `assay` itself."""

    def headings(self) -> Mapping[str, Sequence[str]]:
        """Return the headings of `assay --help`."""
        return HEADINGS
