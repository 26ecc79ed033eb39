"""What operators said by `/label` and `/unlabel` of the labels that the merge classification gives."""

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
"""The labels of which exactly one is on."""


@dataclass(frozen=True)
class Word:
    """The last word on a label: who wrote it when, and whether it was `/label`."""

    label: str
    on: bool
    by: str
    at: datetime
    comment_id: int

    @property
    def against_auto(self) -> bool:
        """Says whether a human is to merge it by this word."""
        return (self.label == AUTO) is not self.on

    def __str__(self) -> str:
        return f"/{'label' if self.on else 'unlabel'} {self.label}"


def last_word(snapshot: Snapshot, labels: Collection[str] = CLASSES) -> Word | None:
    """Gives the last command about one of some labels, by default those of `merge/`."""
    found: Word | None = None
    for one in snapshot.inputs.decisions:
        if one.command in {"label", "unlabel"} and not one.refused:
            for name in names_in(one.argument):
                if name in labels:
                    found = Word(name, one.command == "label", one.by, one.at, one.comment_id)
    return found


def holds(word: Word, judgments: Collection[Judgment], ground: str) -> bool:
    """Says whether things still stand as they did when a word was said: `judgments` are all, the one of now too.

    A word from before the first of them was said of what the first found.
    """
    before = [one for one in judgments if one.at <= word.at] or list(judgments)[:1]
    return bool(before) and before[-1].ground == ground
