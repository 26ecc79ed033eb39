"""Operators' `/label` and `/unlabel` commands for the labels of the merge classification."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.model import Judgment, Snapshot
from handlers.commands import names_in

AUTO = "merge/auto"
MANUAL = "merge/manual"
CLASSES = (
    AUTO,
    MANUAL,
    *(
        f"{MANUAL}-{reason}"
        for reason in (
            "security-sensitive", "red-zone", "merge-conflict", "failing-tests", "missing-review",
            "dependency-conflict", "unclear-scope", "operator-preference", "unknown",
        )
    ),
)  # fmt: skip
"""The merge classes. Exactly one of these labels is on."""


@dataclass(frozen=True)
class Word:
    """The last command for a label: `/label` or `/unlabel`, its author and time."""

    label: str
    on: bool
    by: str
    at: datetime
    comment_id: int

    @property
    def against_auto(self) -> bool:
        """Says whether the command is against an automatic merge."""
        return (self.label == AUTO) is not self.on

    def __str__(self) -> str:
        return f"/{'label' if self.on else 'unlabel'} {self.label}"


def last_word(snapshot: Snapshot, labels: Collection[str] = CLASSES) -> Word | None:
    """Gives the last command for one of some labels, by default the merge classes."""
    found: Word | None = None
    for one in snapshot.inputs.decisions:
        if one.command in {"label", "unlabel"} and not one.refused:
            for name in names_in(one.argument):
                if name in labels:
                    found = Word(name, one.command == "label", one.by, one.at, one.comment_id)
    return found


def holds(word: Word, judgments: Collection[Judgment], basis: str) -> bool:
    """Says whether the basis is the same as when a command was written. `judgments` include the current one.

    A command that is older than the first judgment is compared with the first one.
    """
    before = [one for one in judgments if one.at <= word.at] or list(judgments)[:1]
    return bool(before) and before[-1].basis == basis
