"""Merges labels three ways: last applied by the bot, wanted now, and present now with who set it. Pure."""

from collections.abc import Mapping
from typing import Literal

from bot.model import Held, KnownLabels, LabelSeen, Plan, Snapshot, WantedLabel, digest
from bot.policy import is_agent, named

MAX_NAME = 100
RENAMED = "/renamed"
"""Stands for the account that changed a label before the label was renamed. No login contains a slash."""


def label_object(name: str) -> str:
    """Gives the object name of a label in the ledger. A name that is too long is replaced by its hash."""
    return f"label:{name}" if len(name) <= MAX_NAME else f"label:{digest(name)}"


def decide_label(
    want: WantedLabel | None, seen: LabelSeen, snapshot: Snapshot, *, decision: bool, excluded: bool = False
) -> Literal["keep", "write", "restore"]:
    """Says what happens to one label: nothing, a write, or a restore after a change by somebody else.

    `excluded`: another label of its exclusive scope is on.
    """
    policy, account = snapshot.policy, snapshot.own.account
    held = snapshot.own.held_at(label_object(seen.name))
    if held is not None and held.remote_id and seen.id and held.remote_id != seen.id and seen.by != account:
        seen = seen.model_copy(update={"by": RENAMED})
    trusted = (*(policy.operators or ()), *policy.writers)
    if want is None:
        if seen.on and held is not None and "on" in held.possible and seen.by == account:
            return "write"
        foreign = seen.on and decision and seen.by not in {account, ""} and not named(seen.by, trusted)
        return "restore" if foreign else "keep"
    if want.on == seen.on or (excluded and _evicted(held, want, seen, account)):
        return "keep"
    overruled = _overruled(want, seen)
    if overruled or seen.by in {"", account}:
        return "write" if overruled or want.on or held is not None else "keep"
    if _may_change(seen, snapshot, decision=decision):
        return "keep" if _stands(held, want) else "write"
    return "write" if want.on and held is None else "restore"


def decide(
    pair: tuple[str, WantedLabel | None, LabelSeen],
    wanted: Mapping[str, WantedLabel],
    snapshot: Snapshot,
    labels: KnownLabels,
) -> Literal["keep", "write", "restore"]:
    """Says what happens to one of the pairs: see `decide_label`. A label that goes now excludes none."""
    name, want, seen = pair
    peers = set(labels.exclusive_peers(name))
    excluded = any(
        one.on and not _goes(wanted.get(one.name), one, snapshot, labels)
        for one in snapshot.own.labels
        if one.name in peers
    )
    return decide_label(want, seen, snapshot, decision=labels.is_decision(name), excluded=excluded)


def _goes(want: WantedLabel | None, seen: LabelSeen, snapshot: Snapshot, labels: KnownLabels) -> bool:
    return decide_label(want, seen, snapshot, decision=labels.is_decision(seen.name)) != "keep"


def pairs(plan: Plan, snapshot: Snapshot, labels: KnownLabels) -> list[tuple[str, WantedLabel | None, LabelSeen]]:
    """Gives each label that is wanted or present, by name, with the wanted and the present state.

    If somebody with permission chose a label of an exclusive group, the bot removes its own label of that group. If
    they chose several, all of these stay.
    """
    seen: Mapping[str, LabelSeen] = {label.name: label for label in snapshot.own.labels}
    chosen = {name for name, label in seen.items() if _chosen(plan.labels.get(name), label, snapshot, labels)}
    found = []
    for name in sorted({*plan.labels, *(name for name, label in seen.items() if label.on)}):
        want = plan.labels.get(name)
        if want is not None and want.on and name not in chosen and chosen.intersection(labels.exclusive_peers(name)):
            want = WantedLabel(on=False, evidence=want.evidence)
        found.append((name, want, seen.get(name, LabelSeen(name=name, on=False))))
    return found


def current_evidence(plan: Plan, snapshot: Snapshot, labels: KnownLabels) -> dict[str, str]:
    """Gives the new evidence, by object, of labels that stay as they are although their evidence changed.

    Nothing is written to Forgejo for it, but a later removal of such a label counts against the new evidence. A label
    that somebody with permission chose, and the bot never set, gets the evidence from when it was first seen.
    """
    found = {}
    for name, want, seen in pairs(plan, snapshot, labels):
        held = snapshot.own.held_at(label_object(name))
        if want is None:
            continue
        if held is None:
            if labels.is_decision(name) and _chosen(want, seen, snapshot, labels):
                found[label_object(name)] = want.evidence
        elif want.on == seen.on and held.value == ("on" if want.on else "off") and held.evidence != want.evidence:
            found[label_object(name)] = want.evidence
    return found


def arrived_labels(plan: Plan, snapshot: Snapshot, labels: KnownLabels) -> tuple[Held, ...]:
    """Gives the labels that are as a write without an answer left them: that write arrived."""
    found = []
    removed = [(one.name, None, one) for one in snapshot.own.labels if not one.on and one.name not in plan.labels]
    for name, want, seen in (*pairs(plan, snapshot, labels), *removed):
        held, state = snapshot.own.held_at(label_object(name)), "on" if seen.on else "off"
        if held is None or state not in held.unanswered or seen.by != snapshot.own.account:
            continue
        evidence = want.evidence if want and want.on == seen.on else held.evidence
        found.append(
            held.model_copy(update={"value": state, "evidence": evidence, "remote_id": seen.id or held.remote_id})
        )
    return tuple(found)


def _may_change(seen: LabelSeen, snapshot: Snapshot, *, decision: bool) -> bool:
    if decision:
        return named(seen.by, snapshot.policy.operators or ())
    return not is_agent(seen.by, snapshot.policy.agents)


def _evicted(held: Held | None, want: WantedLabel, seen: LabelSeen, account: str) -> bool:
    """Says whether the server removed a label because the bot set another one of the same exclusive scope. Setting it
    again would only remove the other one.
    """
    if held is None or not want.on or seen.on or seen.by != account:
        return False
    return held.value == "on" and held.evidence == want.evidence


def _overruled(want: WantedLabel, seen: LabelSeen) -> bool:
    """Says whether a manual change is older than a command by somebody with permission, which overrides it."""
    return want.commanded is not None and (seen.at is None or seen.at <= want.commanded)


def _stands(held: Held | None, want: WantedLabel) -> bool:
    """Says whether somebody's change stays: until the evidence changes. The bot removes no label that it never set."""
    if held is None:
        return not want.on
    return held.evidence == want.evidence


def _chosen(want: WantedLabel | None, seen: LabelSeen, snapshot: Snapshot, labels: KnownLabels) -> bool:
    """Says whether somebody with permission set a label and it stays."""
    if not seen.on or seen.by in {"", snapshot.own.account}:
        return False
    decision = labels.is_decision(seen.name)
    return (
        _may_change(seen, snapshot, decision=decision)
        and decide_label(want, seen, snapshot, decision=decision) == "keep"
    )
