"""What the tests of the rules judge share: an issue that says what is wanted, and what is judged of a text."""

from typing import Any

from bot.model import Snapshot
from handlers.judge.payload import Opinion
from handlers.judge.rules import Ruled, judge
from tests.snapshots import ISSUE, snapshot

GOAL = (
    "\n\n## Goal\n\nThe list of beds is sorted by name, as in `garden/beds.py`.\n\n## Acceptance criteria\n\n- a test\n"
)


def issue(body: str, title: str = "Beds", **change: Any) -> Snapshot:
    return snapshot(ISSUE, title=title, body=body, **change)


def judged(body: str, title: str = "Beds", **change: Any) -> Opinion:
    return judge(issue(body, title, **change)).opinion


def names(ruled: Ruled) -> set[str]:
    return {signal.name for signal in ruled.signals}
