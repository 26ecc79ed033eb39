"""The names of a team's agents, as the policy gives them: in labels, and in what people read.

The payload keeps the values of its schema, `codex_candidate` and so on, so that other machines read it everywhere.
"""

from collections.abc import Collection, Mapping

from bot.model import Snapshot
from bot.policy import Candidates
from handlers.judge.payload import FAMILY, Opinion, Step

ROLES: Mapping[Step, str] = {
    "codex_candidate": "code",
    "hermes_candidate": "docs",
    "patchwarden_candidate": "findings",
}
"""The role of each candidate of the schema: a field of `Candidates`."""
NEUTRAL = Candidates()
UNDECLARED = 'The label "{label}" of judge.candidates is not declared in labels.yaml. Declare it in group {group}.'
GROUP = "judge-next-step"


def step_name(step: Step, names: Candidates) -> str:
    """Return a next step as people read it: `code_candidate`, or with the team's own name."""
    role = ROLES.get(step)
    return f"{getattr(names, role)}_candidate" if role else step


def step_label(step: Step, names: Candidates) -> str:
    """Return the label of a next step."""
    return f"{FAMILY}{step_name(step, names).replace('_', '-')}"


def work_for(step: Step, names: Candidates) -> str:
    """Return a next step in words: `work for the code agent`, or with the team's own name."""
    role = ROLES.get(step)
    if role is None:
        return step.replace("_", " ")
    name = str(getattr(names, role))
    return f"work for the {role} agent" if name == getattr(NEUTRAL, role) else f"work for {name}"


def shown(opinion: Opinion, names: Candidates) -> str:
    """Return the priority and the next step, separated by a comma."""
    return f"{opinion.priority}, {step_name(opinion.recommended_next_action, names)}"


def declared(snapshot: Snapshot, known: Collection[str]) -> tuple[Snapshot, tuple[str, ...]]:
    """Return the snapshot with neutral names for candidates whose label is not declared, and a note for each."""
    names, notes = snapshot.policy.judge.candidates, list[str]()
    for step, role in ROLES.items():
        if (label := step_label(step, names)) not in known:
            notes.append(UNDECLARED.format(label=label, group=GROUP))
            names = names.model_copy(update={role: getattr(NEUTRAL, role)})
    if not notes:
        return snapshot, ()
    judge = snapshot.policy.judge.model_copy(update={"candidates": names})
    return snapshot.model_copy(update={"policy": snapshot.policy.model_copy(update={"judge": judge})}), tuple(notes)
