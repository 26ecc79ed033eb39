"""The effect of people's commands on the judgment: `/priority`, `/park`, `/rejudge`, `/label` and `/unlabel`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args

from bot.model import Decision, Snapshot
from bot.text import cut
from handlers.judge.labels import DECIDES
from handlers.judge.payload import FAMILY, EvidenceRef, Opinion, Priority

OBEYED = frozenset({"priority", "park", "rejudge"})
WHY = 200
RATIONALE = 600


def obeyed(snapshot: Snapshot) -> tuple[Decision, ...]:
    """Return the decisions that a judgment depends on, in their order."""
    return tuple(one for one in snapshot.inputs.decisions if one.command in OBEYED and not one.refused)


def binding(snapshot: Snapshot) -> tuple[Decision, ...]:
    """Return the decisions in force: the last `/priority`, and the last `/park` unless it was lifted.

    An operator's later `/rejudge` lifts a `/park`; a writer's `/rejudge` does not.
    """
    found: dict[str, Decision] = {}
    for one in obeyed(snapshot):
        if one.command == "park" or (one.command == "priority" and one.argument in get_args(Priority)):
            found[one.command] = one
        elif one.command == "rejudge" and one.of_operator(snapshot.policy.operators or ()):
            found.pop("park", None)
    return tuple(found[command] for command in ("priority", "park") if command in found)


def bound(opinion: Opinion, decisions: Iterable[Decision]) -> Opinion:
    """Return an opinion with people's decisions applied; its rationale and evidence mention them.

    `/park` ends an escalation: only an operator may park, and the escalation asked for the operator.
    """
    for one in decisions:
        why = f" ({cut(one.why, WHY)})" if one.why else ""
        change: dict[str, object] = {"priority": one.argument}
        sentence = f"{one.by} set the priority to {one.argument}{why}."
        if one.command == "park":
            change = {"recommended_next_action": "park", "escalation": None}
            sentence = f"{one.by} parked it{why}."
        ref = EvidenceRef(note=f"/{one.command} overrides the judgment.", value=f"comment:{one.comment_id}")
        change["rationale_summary"] = cut(f"{sentence} Otherwise: {opinion.rationale_summary}", RATIONALE)
        change["evidence_refs"] = (*opinion.evidence_refs, ref)
        opinion = opinion.model_copy(update=change)
    return opinion


def agreed(opinion: Opinion, decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the decisions that an opinion agrees with."""
    values = {"priority": opinion.priority, "park": opinion.recommended_next_action}
    return tuple(one for one in decisions if values[one.command] == (one.argument or "park"))


def spoken_labels(
    snapshot: Snapshot, *, judged: datetime | None = None, written: datetime | None = None
) -> dict[str, Decision]:
    """Return the last `/label` or `/unlabel` for each label of the judge's family since a judgment, in their order.

    It stays in force until the next judgment, like a label that an operator sets by hand. For the bot's own judgment,
    made at `judged`, the time of the decision counts; a decision of the same run counts as later. For another judge's
    judgment, `written` as a comment, the order of the comments counts.
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
    """Return the `/label` and `/unlabel` commands that no later binding decision about the same label replaces."""
    last = {name: (one.comment_id, one.line) for one in decisions for name in DECIDES[one.command]}
    return {name: one for name, one in said.items() if (one.comment_id, one.line) > last.get(name, (0, 0))}
