"""Describes a soak in words: the reason for its state, the criteria, and the next step."""

from collections.abc import Iterator

from handlers.facts.modes import listed
from handlers.soak.payload import ORDER, Criterion, Next, StateName
from handlers.soak.state.inputs import Item
from handlers.soak.state.machine import Soak
from handlers.soak.state.progress import Progress

WATCHED = frozenset({"soaking", "threshold-met", "audited", "awaiting-operator", "approved"})
"""States in which a failed run without evidence is reported."""
COLLECT = "assay evidence collect --soak {name} --kind {kind}"


def why(soak: Soak) -> str:
    """Return the reason for the soak's state in one sentence."""
    made, policy = soak.progress, soak.inputs.soak
    state = soak.name
    if state == "blocked":
        return f"blocked by comment {made.blocked_by}: {made.blocked}"
    count = f"{len(made.counted)} of {policy.smokes} runs count"
    audit = made.audit.comment if made.audit else 0
    lacking = f"; missing modules: {', '.join(made.lacking)}" if made.lacking and made.counted else ""
    reasons = {
        "not-started": "no valid install evidence yet",
        "installed": f"installed; no run counts yet{_unmerged(soak)}",
        "soaking": f"{count}{lacking}",
        "threshold-met": f"{count}; the audit is due",
        "audited": "the audit passed; no operator phrase is required",
        "awaiting-operator": f"the audit in comment {audit} passed; an operator must decide",
        "approved": f"{made.phrase.by if made.phrase else 'an operator'} opened the gate",
        "removed": "the removal is proven",
        "closed": f"the removal is proven and the report #{policy.report} is merged",
    }
    silent = _silent(soak) if state in WATCHED else ""
    again = f"; {made.reset}" if made.reset and state in {"installed", "soaking", "not-started"} else ""
    return reasons[state] + again + silent


def _silent(soak: Soak) -> str:
    """Return a note about failed runs without evidence. They may be unrelated to the soak; a person has to check."""
    made = soak.progress
    first = min(made.runs, default=0)
    named = {soak.verified[item.key].run for item in soak.inputs.items}
    runs = [run for run in soak.inputs.seen.failed if first and run.number > first and run.number not in named]
    if not runs:
        return ""
    names = listed([f"#{run.number} of {run.workflow}" for run in runs], 3)
    return f"; warning: {names} failed in the meantime, and no evidence mentions it"


def _unmerged(soak: Soak) -> str:
    missing = [f"#{number}" for number in unmerged(soak)]
    return f"; {', '.join(missing)} must be merged first" if missing else ""


def unmerged(soak: Soak) -> tuple[int, ...]:
    """Return the prerequisites that are not merged."""
    merged = {one.number for one in soak.inputs.seen.pulls if one.merged_at and one.merged_at <= soak.inputs.now}
    return tuple(number for number in soak.inputs.soak.prerequisites if number not in merged)


def next_step(soak: Soak) -> Next:
    """Return who has to do what next, and the earliest time for it."""
    made, policy = soak.progress, soak.inputs.soak
    who = ", ".join(policy.evidence_from) or "anyone with write access"
    operators = ", ".join(soak.inputs.operators) or "an operator"
    waits, hours = unmerged(soak), policy.audit.hours

    def collect(kind: str) -> str:
        return COLLECT.format(name=policy.name, kind=kind)

    install = (who, f"post the install evidence: {collect('install')} --token-file FILE --post")
    run = (who, f"{_runs(made)}, then {collect('smoke')} --log FILE --artifact FILE --post")
    merge = (operators, f"merge {', '.join(f'#{number}' for number in waits)}")
    post = f"{collect('audit')} --window-hours {hours} --log FILE --post"
    audit = f"audit {policy.audit.logs} logs over {hours} hours: {post}"
    remove = (who, f"remove the protected part and do one more run, then {collect('removal')} --log FILE --post")
    nothing = ("nobody", "no action needed")
    acts = {
        "not-started": install,
        "installed": merge if waits else run,
        "soaking": run,
        "threshold-met": (who, audit),
        "audited": remove,
        "awaiting-operator": (operators, f"write {policy.gate} on a line of its own to approve the removal"),
        "approved": remove,
        "removed": (operators, f"merge the report #{policy.report}") if policy.report else nothing,
        "closed": nothing,
        "blocked": (operators, f"investigate comment {made.blocked_by}, then comment /soak-restart {policy.name}"),
    }
    doer, what = acts[soak.name]
    return Next(who=doer, what=what, earliest=made.earliest if soak.name == "threshold-met" else None)


def _runs(made: Progress) -> str:
    left = made.inputs.soak.smokes - len(made.counted)
    modules = f", including {', '.join(made.lacking)}" if made.lacking else ""
    return f"do {max(left, 1)} more run{'s' if left > 1 else ''}{modules}"


def criteria(soak: Soak) -> tuple[Criterion, ...]:
    """Return what each state needs and what exists, in the order of the states."""
    return tuple(_criteria(soak))


def _criteria(soak: Soak) -> Iterator[Criterion]:
    made, policy, rank = soak.progress, soak.inputs.soak, soak.rank

    def one(state: StateName, need: str, have: str, *comments: int) -> Criterion:
        return Criterion(state=state, need=need, have=have, met=rank >= ORDER.index(state), comments=comments)

    file = made.installed.evidence.token_file if made.installed else None
    have = f"mode {file.mode.zfill(4)}, {file.owner}, {file.size} bytes" if file else "none yet"
    yield one("installed", "a token file that only its owner can read", have, *_of(made.installed))
    runs = ", ".join(f"#{number}" for number in policy.prerequisites)
    after = f"a verified run after {runs}" if runs else "a verified run"
    first = f"since {made.first:%Y-%m-%d %H:%M} UTC" if made.first else "none yet"
    yield one("soaking", after, first, *_of(*made.counted[:1]))
    modules = f", at least one for each of {', '.join(policy.modules)}" if policy.modules else ""
    missing = f"; missing: {', '.join(made.lacking)}" if made.lacking else ""
    count = f"{len(made.counted)} of {policy.smokes}{missing}"
    yield one("threshold-met", f"{policy.smokes} runs{modules}", count, *_of(*made.counted))
    due = f"not before {made.earliest:%Y-%m-%d %H:%M} UTC" if made.earliest else "none yet"
    audit = made.audit.evidence if made.audit else None
    passed = f"{audit.logs} logs, {audit.window_hours:g} hours" if audit and audit.window_hours is not None else due
    need = f"{policy.days:g} days, then an audit of {policy.audit.logs} logs over {policy.audit.hours} hours"
    yield one("audited", need, passed, *_of(made.audit))
    if policy.gate:
        by = f"{made.phrase.by}, {made.phrase.at:%Y-%m-%d %H:%M} UTC" if made.phrase else "not yet"
        comments = (made.phrase.comment,) if made.phrase else ()
        yield one("approved", "the operator's phrase, after the audit", by, *comments)
    gone = f"run #{soak.verified[made.removal.key].run}" if made.removal else "not yet"
    yield one("removed", "the removal, proven by a verified run", gone, *_of(made.removal))
    if policy.report:
        yield one("closed", f"the report #{policy.report} merged", "merged" if made.closed_at else "not yet")


def _of(*items: Item | None) -> tuple[int, ...]:
    return tuple(dict.fromkeys(item.comment for item in items if item is not None))
