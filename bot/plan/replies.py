"""Turns the checks' answers to comments into reactions and replies, each made once. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Answer, Report, Snapshot, WantedComment, WantedReaction
from bot.plan import report as reporting
from bot.text import code

FIRST = "eyes"
"""The reaction that confirms a received command. It is made before anything else."""


@dataclass(frozen=True)
class Answered:
    """The replies and reactions to comments."""

    comments: tuple[WantedComment, ...] = ()
    reactions: tuple[WantedReaction, ...] = ()


def purpose(comment_id: int, topic: str = "") -> str:
    """Gives the purpose of a reply to a comment."""
    return f"answer-{comment_id}-{topic}" if topic else f"answer-{comment_id}"


def answers(snapshot: Snapshot, reports: Sequence[Report]) -> Answered:
    """Gives reactions and replies. The answers of several checks to one comment go into one reply.

    A deleted comment gets no answer.
    """
    there = {one.id for one in (*snapshot.inputs.comments, *snapshot.inputs.remarks)}
    found: dict[tuple[int, str], list[Answer]] = {}
    for report in reports:
        for answer in report.answers:
            if answer.comment_id in there:
                found.setdefault((answer.comment_id, answer.topic), []).append(answer)
    reactions: dict[tuple[int, str], WantedReaction] = {}
    comments = []
    for (number, topic), parts in sorted(found.items()):
        for content in (content for answer in parts for content in answer.reactions):
            reactions[number, content] = WantedReaction(comment_id=number, content=content)
        if text := _reply(parts, reports):
            marker = reporting.marker(snapshot.target, purpose(number, topic))
            comments.append(
                WantedComment(purpose=purpose(number, topic), marker=marker, body=f"{marker}\n{text}", once=True)
            )
    return Answered(tuple(comments), tuple(reactions.values()))


def _reply(parts: Sequence[Answer], reports: Sequence[Report]) -> str:
    texts = [part.reply for part in parts if part.reply]
    asked = list(dict.fromkeys(name for part in parts for name in part.explains))
    return reporting.cut_to_size("\n\n".join([*texts, *(_explained(name, reports) for name in asked)]))


def _explained(name: str, reports: Sequence[Report]) -> str:
    report = next((report for report in reports if report.check == name), None)
    if report is not None:
        return reporting.explanation(report)
    known = ", ".join(code(report.check) for report in reports) or "none"
    return f"No check named {code(name)} runs here. Available checks: {known}."
