"""What those hear who wrote commands: reactions, and one reply for a comment where there is something to say.

All of it follows from the decisions, so it is the same in every look; the machine makes each once.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from bot.model import Answer, Decision, Snapshot
from bot.policy import named
from bot.text import code, plain
from handlers.commands.registry import help_with, names_in

Reaction = Literal["eyes", "+1", "confused"]

EDIT = "edited"
"""The topic of what is said about an edit, beside what was said before it."""

AGENT_REPLIES = 3
"""Comments of agents on one target that get words; two programs could go on answering each other for ever."""
REPLIES = 20
"""The same for each other account that is no operator."""
EDIT_REPLIES = 3
"""Edits on one target that get words, whoever's the comment: its author needn't be who edited it."""
SHOWN = 20

EXPLAINED = {"explain": "", "soak": "soak-evidence", "gate": "gates"}
"""Commands that are answered with what a check has to say: the one named, or the command's own."""

AGAIN = "To try again, write a new comment: an edited one commands nothing. `/help` lists the commands."
AGENTS = "The policy lists this account as an agent; what it needs, an operator has to write."


def answers(snapshot: Snapshot, decisions: Sequence[Decision]) -> tuple[Answer, ...]:
    """Gives the answers to each comment that commanded something and is still there with its author."""
    there = {comment.id for comment in snapshot.inputs.comments if comment.author}
    parts: dict[tuple[int, str], list[Decision]] = defaultdict(list)
    for one in sorted(decisions, key=lambda one: (one.comment_id, one.line)):
        parts[one.comment_id, "" if one.line else EDIT].append(one)
    found, spoken = [], Counter[str]()
    # In the order of deciding, so that nothing that is said later takes the words from what has had them.
    for (number, topic), made in sorted(parts.items(), key=lambda part: (_since(part[1]), part[0])):
        answer = Answer(
            comment_id=number,
            reactions=_reactions(made),
            reply=_reply(made, agent=named(made[0].by, snapshot.policy.agents)),
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
    """Gives the last decisions as a Markdown table: what `/explain commands` shows."""
    if not decisions:
        return "Nobody has commanded anything here."
    last = sorted(decisions, key=lambda one: (one.comment_id, one.line))[-SHOWN:]
    rows = (
        f"| {one.at:%Y-%m-%d %H:%M} | {plain(one.by)} | {_about(one)} "
        f"| {plain(one.refused, 200) if one.refused else 'taken'} |"
        for one in last
    )
    return "\n".join(["| written (UTC) | by | command | what became of it |", "| --- | --- | --- | --- |", *rows])


def _explained(one: Decision) -> str:
    return EXPLAINED[one.command] or one.argument


def _since(made: Sequence[Decision]) -> datetime:
    return min(one.decided or one.at for one in made)


def _may_speak(snapshot: Snapshot, one: Decision, spoken: Counter[str]) -> bool:
    policy, agent = snapshot.policy, named(one.by, snapshot.policy.agents)
    # A slash stands in no login, so it tells those who are counted together from any account.
    who, most = one.by.casefold(), REPLIES
    if not one.line:
        who, most = "/edits", EDIT_REPLIES
    elif agent:
        who, most = "/agents", AGENT_REPLIES
    spoken[who] += 1
    return spoken[who] <= most or (bool(one.line) and not agent and named(one.by, policy.operators or ()))


def _reactions(made: Sequence[Decision]) -> tuple[Reaction, ...]:
    taken = any(not one.refused for one in made)
    refused = any(one.refused for one in made)
    seen: tuple[Reaction, ...] = ("eyes",) if taken else ()
    return (*seen, "confused") if refused else (*seen, "+1")


def _reply(made: Sequence[Decision], *, agent: bool) -> str:
    refused = [f"- {_shown(one)}: {plain(one.refused)}" for one in made if one.refused]
    asked = dict.fromkeys(one.argument for one in made if one.command == "help" and not one.refused)
    parts = ["\n".join(refused)] if refused else []
    if refused:
        parts.append(AGENTS if agent else AGAIN)
    return "\n\n".join([*parts, *map(help_with, asked)])


def _about(one: Decision) -> str:
    shown = code(f"/{one.command}") if one.line else "(an edit)"
    return " ".join(filter(None, [shown, plain(", ".join(names_in(one.argument)), 100)]))


def _shown(one: Decision) -> str:
    return f"line {one.line}, {code(f'/{one.command}')}" if one.line else "this comment"
