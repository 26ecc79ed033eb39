"""The judge's labels: which are on, the basis of each, and which ones a command set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.model import Decision
from handlers.judge.payload import ESCALATED, UNSURE

STALE = "judge/stale-priority"
PRIORITIES = ("judge/p0", "judge/p1", "judge/p2", "judge/p3")
STEPS = (
    "judge/code-candidate",
    "judge/docs-candidate",
    "judge/findings-candidate",
    "judge/codex-candidate",
    "judge/hermes-candidate",
    "judge/patchwarden-candidate",
    "judge/needs-refinement",
    "judge/park",
)
LABELS = (*PRIORITIES, *STEPS, ESCALATED, UNSURE, STALE)
DECIDES = {"priority": PRIORITIES, "park": (*STEPS, ESCALATED)}
"""The labels that each command decides; it overrides earlier changes by hand."""


@dataclass
class Marks:
    """Labels on and off, in the form of a report."""

    labels: dict[str, bool] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    commanded: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, on: Iterable[str], basis: str) -> "Marks":
        """Return all labels of the judge: those in `on` set, the others not."""
        return cls(dict.fromkeys(LABELS, False) | dict.fromkeys(on, True), dict.fromkeys(LABELS, basis))

    def decided(self, decisions: Iterable[Decision]) -> "Marks":
        """Return the same marks, with the labels that binding decisions override."""
        for one in decisions:
            self.commanded |= dict.fromkeys(DECIDES[one.command], one.at)
        return self

    def spoken(self, said: Mapping[str, Decision]) -> "Marks":
        """Return the same marks, changed by `/label` and `/unlabel`; in an exclusive group at most one stays on."""
        for name, one in said.items():
            if name in LABELS:
                group = next((group for group in (PRIORITIES, STEPS) if name in group), (name,))
                changed = group if one.command == "label" else (name,)
                self.labels |= dict.fromkeys(changed, False) | {name: one.command == "label"}
                self.bases |= dict.fromkeys(changed, f"/{one.command} {one.comment_id}:{one.line}")
                self.commanded |= dict.fromkeys(changed, one.at)
        return self

    def report_fields(self) -> dict[str, Any]:
        """Return the fields of a report."""
        return {"labels": self.labels, "label_bases": self.bases, "commanded": self.commanded}
