"""What people's commands mean to the judge: a priority, something set aside, a judgment asked for, a label."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

from bot.model import Decision, Snapshot
from bot.policy import named
from bot.text import cut
from handlers.judge.labels import DECIDES
from handlers.judge.payload import FAMILY, EvidenceRef, Opinion, Priority

OBEYED = frozenset({"priority", "park", "rejudge"})
WHY = 200
RATIONALE = 600


def obeyed(snapshot: Snapshot) -> tuple[Decision, ...]:
    """Gives the decisions that a judgment rests on, in their order."""
    return tuple(one for one in snapshot.inputs.decisions if one.command in OBEYED and not one.refused)


def binding(snapshot: Snapshot) -> tuple[Decision, ...]:
    """Gives the decisions that hold now: the last priority, and the last `/park` unless it was lifted.

    An operator lifts it by asking for a new judgment; a writer's `/rejudge` can't undo an operator's word.
    """
    found: dict[str, Decision] = {}
    for one in obeyed(snapshot):
        if one.command == "park" or (one.command == "priority" and one.argument in get_args(Priority)):
            found[one.command] = one
        elif one.command == "rejudge" and _of_operator(one, snapshot):
            found.pop("park", None)
    return tuple(found[command] for command in ("priority", "park") if command in found)


def _of_operator(one: Decision, snapshot: Snapshot) -> bool:
    """A command means what it meant when it was taken, whoever is an operator now; what is older doesn't say."""
    return one.standing == "operator" if one.standing else named(one.by, snapshot.policy.operators or ())


def bound(opinion: Opinion, decisions: Iterable[Decision]) -> Opinion:
    """Gives an opinion as people decided it; its rationale and evidence say so.

    Setting aside ends an escalation: only an operator can do it, and he is who was asked for.
    """
    for one in decisions:
        why = f" ({cut(one.why, WHY)})" if one.why else ""
        change: dict[str, object] = {"priority": one.argument}
        said = f"The priority {one.argument} was set by {one.by}{why}."
        if one.command == "park":
            change = {"recommended_next_action": "park", "escalation": None}
            said = f"It was set aside by {one.by}{why}."
        ref = EvidenceRef(note=f"/{one.command} stands over what was judged.", value=f"comment:{one.comment_id}")
        change["rationale_summary"] = cut(f"{said} Without that: {opinion.rationale_summary}", RATIONALE)
        change["evidence_refs"] = (*opinion.evidence_refs, ref)
        opinion = opinion.model_copy(update=change)
    return opinion


def borne(opinion: Opinion, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Gives those of some decisions that an opinion bears out."""
    said = {"priority": opinion.priority, "park": opinion.recommended_next_action}
    return tuple(one for one in decisions if said[one.command] == (one.argument or "park"))


def spoken_labels(
    snapshot: Snapshot, *, judged: datetime | None = None, written: datetime | None = None
) -> dict[str, Decision]:
    """Gives the last `/label` or `/unlabel` of each label of the judge's family since a judgment, in their order.

    It holds until the next judgment, as a label does that an operator sets by hand. One that was decided in the very
    look of the bot's own judgment, at `judged`, was said of what that found, whenever it was said. To somebody else's
    judgment, which was `written` as a comment, the order of comments counts.
    """
    found: dict[str, Decision] = {}
    for one in snapshot.inputs.decisions:
        if one.command not in {"label", "unlabel"} or one.refused:
            continue
        if (judged and (one.decided or one.at) < judged) or (written and one.at < written):
            continue
        for name in one.argument.split("\n"):
            if name.startswith(FAMILY):
                found.pop(name, None)
                found[name] = one
    return found


def current_labels(said: Mapping[str, Decision], decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Gives those of some `/label` and `/unlabel` that no binding decision came after on what they are about."""
    last = {name: (one.comment_id, one.line) for one in decisions for name in DECIDES[one.command]}
    return {name: one for name, one in said.items() if (one.comment_id, one.line) > last.get(name, (0, 0))}
