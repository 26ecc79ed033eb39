"""Slash commands: what people write at the start of a line to have the bot do something.

Runs before all other checks, on every pull request and issue in every state. It turns each command line into one
decision, taken or refused, which the machine keeps for ever and shows to the checks; what a decision means belongs to
the check that reads it. Only `/hold` and `/unhold` mean something here: a status that waits. Where nothing is on hold,
the check says nothing in the report.

An edited comment commands nothing, since any writer can edit anybody's. Comments from before the bot's time, and those
without an author, are passed over in silence.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from bot.model import (
    Check,
    CommentText,
    Decision,
    Finding,
    Kind,
    Location,
    Report,
    Severity,
    Snapshot,
    Tools,
    Verdict,
)
from bot.text import cut
from handlers.commands.decide import UNSURE, Case, decide, newest, spoken
from handlers.commands.registry import COMMANDS, table
from handlers.commands.replies import answers, history
from handlers.facts.description.command_lines import CommandLine, find, maybe

NAME = "commands"
MAX_LINES = 10
"""Command lines of one comment that are decided one by one."""

PATIENCE = timedelta(seconds=30)
"""How long a comment's delivery may take: one slow receiver holds up all of a server's webhooks."""

EDITED = "edited"
"""The command of the one decision, at line 0, on all that was written into a comment by editing it."""
EDITED_REFUSAL = "it was edited, and any writer can edit anybody's comment, so what it commands now isn't taken"
TOO_MANY = f"at most {MAX_LINES} commands of one comment are taken; from here on they aren't"
UNHOLD = "An operator writes /unhold."
SWITCHED_OFF = "The policy switches commands off: an operator switches them on again, and then writes /unhold."


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Gives the decisions on command lines that have none yet, the answers to all, and `pending` while on hold."""
    known = snapshot.inputs.decisions
    made, waits = await _decisions(snapshot, tools) if snapshot.policy.commands.mode == "on" else ((), False)
    return _report(snapshot, (*known, *made)).model_copy(
        update={
            "decisions": made,
            "answers": answers(snapshot, (*known, *made)),
            "explanation": history((*known, *made)),
            "again": PATIENCE.total_seconds() if waits else 0.0,
        }
    )


async def _decisions(snapshot: Snapshot, tools: Tools) -> tuple[tuple[Decision, ...], bool]:
    """New decisions, in the order in which comments and lines were written, and whether a comment has to wait."""
    seen = snapshot.inputs
    of: dict[int, list[Decision]] = {}
    for one in seen.decisions:
        of.setdefault(one.comment_id, []).append(one)
    found, waits = list[Decision](), False
    for comment in _undecided(snapshot, of):
        # Markdown takes its time on a hostile text, and everybody waits who shares the loop.
        lines = await asyncio.to_thread(_lines, snapshot, comment)
        earlier = of.get(comment.id, [])
        if comment.edited:
            found += _edited(snapshot, comment, lines, earlier)
            continue
        made = _of(snapshot, tools, comment, lines, (*seen.decisions, *found))
        if _young(snapshot, comment) and any(one.refused == UNSURE for one in made):
            waits = True
        else:
            found += made
    return tuple(found), waits


def _undecided(snapshot: Snapshot, decided: Mapping[int, Sequence[Decision]]) -> Iterator[CommentText]:
    """Comments that may hold a command line on which nothing is decided yet, as they were written."""
    for comment in sorted(snapshot.inputs.comments, key=lambda comment: comment.id):
        lines = {one.line for one in decided.get(comment.id, ())}
        # Where nobody edited it its text stays, so that it has been decided as a whole.
        done = 0 in lines if comment.edited else bool(lines)
        if comment.author and not done and snapshot.inputs.live(comment) and maybe(comment.body):
            yield comment


def _of(
    snapshot: Snapshot, tools: Tools, comment: CommentText, lines: Sequence[CommandLine], before: tuple[Decision, ...]
) -> list[Decision]:
    made: list[Decision] = []
    for index, line in enumerate(lines):
        case = Case(snapshot, tools.labels, comment, line, (*before, *made))
        made.append(decide(case) if index < MAX_LINES else case.decided(TOO_MANY))
    return made


def _young(snapshot: Snapshot, comment: CommentText) -> bool:
    """A comment may be read before its delivery, its witness, has come."""
    return snapshot.taken_at - comment.created_at < PATIENCE


def _edited(
    snapshot: Snapshot, comment: CommentText, lines: Sequence[CommandLine], earlier: Sequence[Decision]
) -> Iterator[Decision]:
    """One refusal for all commands that weren't in the comment before, wherever in it they stand now."""
    new = Counter((line.word, *spoken(line)) for line in lines if line.word in COMMANDS)
    if new - Counter((one.command, one.argument, one.why) for one in earlier):
        yield Decision(
            comment_id=comment.id,
            line=0,
            command=EDITED,
            by=comment.author,
            at=comment.created_at,
            refused=EDITED_REFUSAL,
            decided=snapshot.taken_at,
        )


def _lines(snapshot: Snapshot, comment: CommentText) -> list[CommandLine]:
    """The command lines that are ours, and one more than are taken."""
    others = snapshot.policy.commands.others
    return [line for line in find(comment.body) if line.word not in others][: MAX_LINES + 1]


def _report(snapshot: Snapshot, decisions: tuple[Decision, ...]) -> Report:
    last = newest(decisions, "hold", "unhold")
    if last is None:
        return Report(check=NAME, verdict=Verdict.PASS, summary="nothing is on hold", shown=False, status=False)
    if last.command == "unhold":
        return Report(check=NAME, verdict=Verdict.PASS, summary=f"the hold was ended by {last.by}", shown=False)
    since = f"on hold by {last.by} since {last.at:%Y-%m-%d}"
    finding = Finding(
        rule="on-hold",
        severity=Severity.MEDIUM,
        title=f"On hold by {last.by}",
        location=Location(where="comment", comment_id=last.comment_id),
        evidence=f"Why: {last.why}" if last.why else "",
        next_step=UNHOLD if snapshot.policy.commands.mode == "on" else SWITCHED_OFF,
    )
    summary = f"{since}: {cut(last.why, 100)}" if last.why else since
    return Report(check=NAME, verdict=Verdict.PENDING, summary=summary, findings=(finding,))


CHECK = Check(name=NAME, on=frozenset(Kind), assess=assess, guards=False, tables={"slash-commands": table()})
