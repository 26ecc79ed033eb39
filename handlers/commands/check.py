"""The check `commands`: slash commands at the start of a line.

Runs before all other checks, on every pull request and issue in every state. It makes one decision for each command
line, accepted or refused. Decisions are stored permanently and shown to the other checks, which act on them. Only
`/hold` and `/unhold` are handled here: they set a pending status. If nothing is on hold, the report does not mention
the check.

Commands in edited comments are refused, because anyone with write access can edit a comment. Comments from before the
bot was set up, and comments without an author, are ignored.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from bot.model import (
    Actor,
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
from handlers.commands.near_misses import NearMiss, maybe_near, near_misses
from handlers.commands.registry import COMMANDS, table
from handlers.commands.replies import answers, history
from handlers.facts.description.command_lines import CommandLine, find, maybe

NAME = "commands"
MAX_LINES = 10
"""Maximum number of command lines of one comment that are executed."""

PATIENCE = timedelta(seconds=30)
"""Maximum time until a comment's delivery arrives: one slow receiver delays all webhooks of a server."""

SOON = 0.1
"""Seconds until the next run after a `/trust`."""

EDITED = "edited"
"""The command of the single decision, at line 0, on all commands added by editing a comment."""
EDITED_REFUSAL = "new commands in an edited comment are ignored, because anyone with write access can edit it"
TOO_MANY = f"too many commands: only the first {MAX_LINES} of a comment are executed"
IN_REVIEW = "commands count only in comments of the conversation, not in reviews or in comments on lines"
UNHOLD = "Ask an operator to comment /unhold."
SWITCHED_OFF = (
    "Commands are disabled in the policy (commands.mode). Ask an operator to enable them and comment /unhold."
)


async def assess(snapshot: Snapshot, tools: Tools) -> Report:
    """Return new decisions on command lines, the answers to all decisions, and `pending` while on hold."""
    known = snapshot.inputs.decisions
    made, waits = await _decisions(snapshot, tools) if snapshot.policy.commands.mode == "on" else ((), False)
    return _report(snapshot, (*known, *made)).model_copy(
        update={
            "decisions": made,
            "answers": answers(snapshot, (*known, *made)),
            "explanation": history((*known, *made)),
            "again": PATIENCE.total_seconds() if waits else SOON if _trusts(made) else 0.0,
        }
    )


def _trusts(made: Sequence[Decision]) -> bool:
    """Return whether an operator has just trusted a policy, which the next run puts in force."""
    return any(one.command == "trust" and not one.refused for one in made)


async def _decisions(snapshot: Snapshot, tools: Tools) -> tuple[tuple[Decision, ...], bool]:
    """Return new decisions, in the order of comments and lines, and whether a comment has to wait for its delivery."""
    seen = snapshot.inputs
    of: dict[int, list[Decision]] = {}
    for one in seen.decisions:
        of.setdefault(one.comment_id, []).append(one)
    found, waits = list[Decision](), False
    for comment in _undecided(snapshot, of):
        # Hostile Markdown takes long to parse, so this runs in a thread to keep the event loop free.
        lines, near = await asyncio.to_thread(_read, snapshot, comment)
        earlier = of.get(comment.id, [])
        if comment.edited:
            found += _edited(snapshot, comment, lines, earlier)
            continue
        made = _of(snapshot, tools, comment, lines, (*seen.decisions, *found))
        made += _missed(snapshot, tools, comment, near)
        if _young(snapshot, comment) and any(one.refused == UNSURE for one in made):
            waits = True
        else:
            found += made
    found += await asyncio.to_thread(lambda: list(_in_reviews(snapshot, tools, of)))
    return tuple(found), waits


def _in_reviews(snapshot: Snapshot, tools: Tools, decided: Mapping[int, Sequence[Decision]]) -> Iterator[Decision]:
    """Return a refusal for the first command in each review, or comment on a line, that has any."""
    for remark in snapshot.inputs.remarks:
        if remark.author and remark.id not in decided and snapshot.inputs.live(remark):
            lines, near = _read(snapshot, remark)
            known = [line for line in lines if line.word in COMMANDS]
            known += [CommandLine(one.number, one.word, one.rest) for one in near]
            if known:
                yield Case(snapshot, tools.labels, remark, min(known)).decided(IN_REVIEW)


def _undecided(snapshot: Snapshot, decided: Mapping[int, Sequence[Decision]]) -> Iterator[CommentText]:
    """Return comments that may contain command lines without a decision, in their order."""
    for comment in sorted(snapshot.inputs.comments, key=lambda comment: comment.id):
        lines = {one.line for one in decided.get(comment.id, ())}
        # The text of an unedited comment never changes, so one decision means that all of it is decided.
        done = 0 in lines if comment.edited else bool(lines)
        asks = maybe(comment.body) or maybe_near(comment.body, COMMANDS)
        if comment.author and not done and snapshot.inputs.live(comment) and asks:
            yield comment


def _of(
    snapshot: Snapshot, tools: Tools, comment: CommentText, lines: Sequence[CommandLine], before: tuple[Decision, ...]
) -> list[Decision]:
    made: list[Decision] = []
    for index, line in enumerate(lines):
        case = Case(snapshot, tools.labels, comment, line, (*before, *made))
        made.append(decide(case) if index < MAX_LINES else case.decided(TOO_MANY))
    return made


def _missed(snapshot: Snapshot, tools: Tools, comment: CommentText, near: Sequence[NearMiss]) -> list[Decision]:
    """Return a refusal for each line that was probably meant as a command."""
    return [
        Case(snapshot, tools.labels, comment, CommandLine(one.number, one.word, one.rest)).decided(
            one.told(COMMANDS[one.word].usage)
        )
        for one in near
    ]


def _young(snapshot: Snapshot, comment: CommentText) -> bool:
    """Return whether a comment is so new that its delivery may still arrive."""
    return snapshot.taken_at - comment.created_at < PATIENCE


def _edited(
    snapshot: Snapshot, comment: CommentText, lines: Sequence[CommandLine], earlier: Sequence[Decision]
) -> Iterator[Decision]:
    """Return one refusal for all commands that were added by editing."""
    new = Counter((line.word, *spoken(line)) for line in lines if line.word in COMMANDS)
    if new - Counter((one.command, one.argument, one.why) for one in earlier):
        yield Decision(
            comment_id=comment.id,
            line=0,
            command=EDITED,
            by=comment.author,
            by_id=comment.author_id,
            at=comment.created_at,
            refused=EDITED_REFUSAL,
            decided=snapshot.taken_at,
        )


def _read(snapshot: Snapshot, comment: CommentText) -> tuple[list[CommandLine], tuple[NearMiss, ...]]:
    """Return the command lines that are not for other bots, at most one more than are executed, and near misses."""
    others = snapshot.policy.commands.others
    lines = [line for line in find(comment.body) if line.word not in others][: MAX_LINES + 1]
    return lines, near_misses(comment.body, COMMANDS.keys() - set(others))


def _report(snapshot: Snapshot, decisions: tuple[Decision, ...]) -> Report:
    last = newest(decisions, "hold", "unhold")
    if last is None:
        return Report(check=NAME, verdict=Verdict.PASS, summary="nothing is on hold", shown=False, status=False)
    if last.command == "unhold":
        return Report(check=NAME, verdict=Verdict.PASS, summary=f"hold ended by {last.by}", shown=False)
    since = f"on hold by {last.by} since {last.at:%Y-%m-%d}"
    finding = Finding(
        rule="on-hold",
        severity=Severity.MEDIUM,
        title=f"On hold by {last.by}",
        location=Location(where="comment", comment_id=last.comment_id),
        evidence=f"Why: {last.why}" if last.why else "",
        next_step=UNHOLD if snapshot.policy.commands.mode == "on" else SWITCHED_OFF,
        actor=Actor.NOBODY,
    )
    summary = f"{since}: {cut(last.why, 100)}" if last.why else since
    return Report(check=NAME, verdict=Verdict.PENDING, summary=summary, findings=(finding,))


CHECK = Check(name=NAME, on=frozenset(Kind), assess=assess, guards=False, tables={"slash-commands": table()})
