"""The answers to commands: reactions, and at most one reply for each comment.

All answers follow from the decisions, so they are the same in every run; each is posted once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.model import Answer, Decision, Snapshot
from bot.policy import is_agent, named
from bot.text import cell, code, plain
from handlers.commands.registry import help_with, names_in

Reaction = Literal["eyes", "+1", "confused"]

EDIT = "edited"
"""The topic of the answer to an edit, separate from the earlier answer to the comment."""

AGENT_REPLIES = 3
"""Number of agents' comments on one target that get a reply; two programs could otherwise answer each other forever."""
REPLIES = 20
"""The same for each other account that is not an operator."""
EDIT_REPLIES = 3
"""Number of edits on one target that get a reply, for all authors together: the editor may be somebody else."""
SHOWN = 20
UNKNOWN_EDITOR = "unknown"
"""Anyone with write access can edit a comment, and Forgejo does not say who did."""

EXPLAINED = {"explain": "", "soak": "soak-evidence", "gate": "gates"}
"""Commands that are answered with the details of a check: the named one, or a fixed one."""

AGAIN = "To try again, post a new comment; an edited one does not count. Comment `/help` for all commands."
AGENTS = "Ask an operator to write the command."


def answers(snapshot: Snapshot, decisions: Sequence[Decision]) -> tuple[Answer, ...]:
    """Return the answers to each comment with commands, if it still exists with its author.

    Reviews get no reactions: Forgejo describes these for comments only.
    """
    remarks = {remark.id for remark in snapshot.inputs.remarks}
    there = {comment.id for comment in snapshot.inputs.comments if comment.author} | remarks
    parts: dict[tuple[int, str], list[Decision]] = defaultdict(list)
    for one in sorted(decisions, key=lambda one: (one.comment_id, one.line)):
        parts[one.comment_id, "" if one.line else EDIT].append(one)
    found, spoken = [], Counter[str]()
    # In the order of the decisions, so that a later answer does not use up the limit of an earlier one.
    for (number, topic), made in sorted(parts.items(), key=lambda part: (_since(part[1]), part[0])):
        answer = Answer(
            comment_id=number,
            reactions=() if number in remarks else _reactions(made),
            reply=_reply(made, agent=is_agent(made[0].by, snapshot.policy.agents)),
            explains=tuple(
                dict.fromkeys(_explained(one) for one in made if one.command in EXPLAINED and not one.refused)
            ),
            topic=topic,
        )
        if (answer.reply or answer.explains) and not _may_speak(snapshot, made[0], spoken):
            answer = answer.model_copy(update={"reply": "", "explains": ()})
        if number in there:
            found.append(answer)
    return tuple(found)


def history(decisions: Sequence[Decision]) -> str:
    """Return the last decisions as a Markdown table, for `/explain commands`."""
    if not decisions:
        return "No commands here yet."
    last = sorted(decisions, key=lambda one: (one.comment_id, one.line))[-SHOWN:]
    rows = (
        f"| {one.at:%Y-%m-%d %H:%M} | {plain(one.by) if one.line else UNKNOWN_EDITOR} | {_about(one)} "
        f"| {plain(one.refused, 200) if one.refused else 'executed'} |"
        for one in last
    )
    return "\n".join(["| written (UTC) | by | command | result |", "| --- | --- | --- | --- |", *rows])


def _explained(one: Decision) -> str:
    return EXPLAINED[one.command] or one.argument


def _since(made: Sequence[Decision]) -> datetime:
    return min(one.decided or one.at for one in made)


def _may_speak(snapshot: Snapshot, one: Decision, spoken: Counter[str]) -> bool:
    policy, agent = snapshot.policy, is_agent(one.by, snapshot.policy.agents)
    # No login contains a slash, so these keys for groups differ from all accounts.
    who, most = one.by.casefold(), REPLIES
    if not one.line:
        who, most = "/edits", EDIT_REPLIES
    elif agent:
        who, most = "/agents", AGENT_REPLIES
    spoken[who] += 1
    return spoken[who] <= most or (bool(one.line) and not agent and named(one.by, policy.operators or ()))


def _reactions(made: Sequence[Decision]) -> tuple[Reaction, ...]:
    accepted = any(not one.refused for one in made)
    refused = any(one.refused for one in made)
    seen: tuple[Reaction, ...] = ("eyes",) if accepted else ()
    return (*seen, "confused") if refused else (*seen, "+1")


def _reply(made: Sequence[Decision], *, agent: bool) -> str:
    refused = [f"- {_shown(one)}: {plain(one.refused)}" for one in made if one.refused]
    asked = dict.fromkeys(one.argument for one in made if one.command == "help" and not one.refused)
    parts = ["\n".join(refused)] if refused else []
    if refused:
        parts.append(AGENTS if agent else AGAIN)
    return "\n\n".join([*parts, *map(help_with, asked)])


def _about(one: Decision) -> str:
    shown = cell(f"/{one.command}") if one.line else f"(edited comment of {plain(one.by)})"
    return " ".join(filter(None, [shown, plain(", ".join(names_in(one.argument)), 100)]))


def _shown(one: Decision) -> str:
    return f"line {one.line}, {code(f'/{one.command}')}" if one.line else "this comment"
