"""What the tests of commands share: comments, one look of the check, and what the machine keeps of it."""

from datetime import timedelta
from typing import Any

from bot.model import Answer, CommentText, Decision, Judgment, Memory, Report, Snapshot, digest
from bot.plan.assessment import folded
from handlers.commands.check import CHECK
from tests.snapshots import NOW, OPERATOR, TOOLS, snapshot

FRIEND = "gardener"
"""An account that Forgejo lets write, and no list names."""

LEAK = f"sf_{'1' * 16}"
JUDGED_P2 = Memory(
    permissions={FRIEND: "write"}, judgments=(Judgment(check="judge", at=NOW, basis="", content={"priority": "p2"}),)
)


def said(body: str, author: str = OPERATOR, number: int = 100, **change: Any) -> CommentText:
    """A comment as its author wrote it, with a witness."""
    values: dict[str, Any] = {
        "id": number,
        "author": author,
        "body": body,
        "body_hash": digest(body),
        "created_at": NOW - timedelta(minutes=5),
        "edited": False,
        "witnessed": True,
    }
    return CommentText(**(values | change))


def thread(*comments: CommentText, **change: Any) -> Snapshot:
    """A pull request of an agent with some comments; Forgejo lets FRIEND write."""
    memory = Memory(permissions={FRIEND: "write"})
    values: dict[str, Any] = {"comments": comments, "memory": memory}
    return snapshot(**(values | change))


async def evaluate(observed: Snapshot) -> tuple[Report, Snapshot]:
    """One look: what the check says, and the snapshot as the next look takes it."""
    report = await CHECK.assess(observed, TOOLS)
    return report, folded(observed, report)


async def decided(*comments: CommentText, **change: Any) -> tuple[Decision, ...]:
    """The decisions of one look at some comments."""
    return (await evaluate(thread(*comments, **change)))[0].decisions


async def answer(*comments: CommentText, **change: Any) -> Answer:
    """The one answer that a look gives."""
    (found,) = (await evaluate(thread(*comments, **change)))[0].answers
    return found


def refused_with(made: tuple[Decision, ...]) -> list[str]:
    """The reasons of some decisions, each empty where it was taken."""
    return [one.refused for one in made]
