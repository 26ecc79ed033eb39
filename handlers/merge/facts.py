"""The facts for the merge classification: the other checks' verdicts, contexts, labels, and dependencies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.model import CONTEXT, OVERALL, Finding, KnownLabels, Reference, Snapshot, Verdict, is_ours
from bot.policy import MergePolicy
from handlers.commands import newest
from handlers.facts.modes import unread
from handlers.facts.patterns import segment_fits
from handlers.facts.references import Relation, relations
from handlers.facts.statuses import self_reported, was_skipped
from handlers.labels import choices

SECRETS, SCOPE, RED_ZONE, COMMANDS = "secret-leak", "scope", "red-zone", "commands"
SPECIAL = frozenset({SECRETS, SCOPE, RED_ZONE, COMMANDS})
"""Checks whose verdicts are separate reasons, whether their contexts are required or not."""
STATES = {
    Verdict.PASS: "success",
    Verdict.SKIP: "success",
    Verdict.ADVISE: "success",
    Verdict.PENDING: "pending",
    Verdict.ERROR: "error",
    Verdict.BLOCK: "failure",
}
SKIPPED = "skipped"
"""The state of a skipped job."""


def rules(snapshot: Snapshot) -> MergePolicy:
    """Gives the check's own section of the policy."""
    return snapshot.policy.merge


def verdicts(snapshot: Snapshot) -> Mapping[str, str]:
    """Gives the verdicts of the earlier checks in this pass that have a status."""
    return snapshot.memory.verdicts


@dataclass(frozen=True)
class Contexts:
    """The contexts that must be green but are not: `red` failed, `waiting` are pending or have not reported."""

    red: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facts:
    """The facts of one snapshot."""

    snapshot: Snapshot
    known: KnownLabels

    @cached_property
    def policy(self) -> MergePolicy:
        """Gives the check's own section of the policy."""
        return rules(self.snapshot)

    def checks(self, *wanted: Verdict) -> tuple[str, ...]:
        """Gives the names of the checks in this pass that have one of some verdicts."""
        return tuple(sorted(check for check, verdict in verdicts(self.snapshot).items() if verdict in wanted))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Gives the labels that are present or will be after this pass, each with the name of its rule, if any.

        A rule's label is removed only by an operator's `/unlabel`, not by a writer's.
        """
        inputs, policy = self.snapshot.inputs, self.snapshot.policy
        found = dict.fromkeys(inputs.labels, "")
        if policy.labels.mode == "off":
            return found
        trusted = tuple(
            one for one in inputs.decisions if one.command != "unlabel" or one.of_operator(policy.operators or ())
        )
        read = inputs.model_copy(update={"decisions": trusted})
        for choice in choices(self.snapshot.model_copy(update={"inputs": read}), self.known).made.values():
            if choice.on:
                found.setdefault(choice.label, choice.rule)
            elif choice.rule == "/unlabel":
                found.pop(choice.label, None)
        return found

    @cached_property
    def contexts(self) -> Contexts:
        """Gives the required contexts that are not green. If none is required, all contexts count, as on Forgejo."""
        required = tuple(dict.fromkeys((*self.snapshot.inputs.required, *self.policy.contexts)))
        there = dict(self._states())
        if not required:
            others = {name: state for name, state in there.items() if not is_ours(name)}
            return _sorted({name: [state] for name, state in others.items() if state != SKIPPED})
        return _sorted({one: [there[name] for name in there if segment_fits(one, name)] for one in required})

    @cached_property
    def self_reported(self) -> tuple[str, ...]:
        """Gives the successes that the author or an agent reported, in words; they count as not reported."""
        own = (one for one in self.snapshot.inputs.statuses if self_reported(one, self.snapshot))
        return tuple(f"{one.context} by {one.creator}" for one in own if not is_ours(one.context))

    @cached_property
    def dependencies(self) -> tuple[str, ...]:
        """Gives in words the dependencies in the description that are not merged or closed."""
        known = {one.number: one for one in self.snapshot.inputs.references}
        named = relations(self.snapshot.inputs.body, self.snapshot.target.repository)
        open_ones = (_unfinished(one, known) for one in named if one.word != "stacked" and not self._itself(one))
        return tuple(dict.fromkeys(filter(None, open_ones)))

    @cached_property
    def unseen(self) -> Sequence[Finding]:
        """Gives a finding for each unaccepted gap."""
        return unread(self.snapshot, ("",))

    @cached_property
    def held_by(self) -> str:
        """Gives the account that put it on hold; empty if it is not on hold."""
        last = newest(self.snapshot.inputs.decisions, "hold", "unhold")
        return last.by if last is not None and last.command == "hold" else ""

    def _itself(self, one: Relation) -> bool:
        return one.number == self.snapshot.target.number

    def _states(self) -> Iterator[tuple[str, str]]:
        """Each context with its state. The bot's own contexts get their state from this pass, not from the server."""
        for status in self.snapshot.inputs.statuses:
            state = "pending" if self_reported(status, self.snapshot) else status.state
            yield status.context, SKIPPED if was_skipped(status) else state
        for check, verdict in verdicts(self.snapshot).items():
            yield f"{CONTEXT}{check}", "success" if check in SPECIAL else STATES[Verdict(verdict)]
        counted = [Verdict(one) for check, one in verdicts(self.snapshot).items() if check not in SPECIAL]
        yield OVERALL, STATES[max(counted, key=lambda verdict: verdict.rank, default=Verdict.PASS)]


def _sorted(states: Mapping[str, Sequence[str]]) -> Contexts:
    red = [name for name, found in states.items() if set(found) - {"success", "pending", SKIPPED}]
    waiting = [name for name, found in states.items() if name not in red and set(found) != {"success"}]
    return Contexts(tuple(red), tuple(waiting))


def _unfinished(relation: Relation, known: Mapping[int, Reference]) -> str:
    if not relation.number:
        return f"{relation.name} (cannot be looked up)"
    reference = known.get(relation.number)
    state = reference.state if reference else "missing"
    return "" if state in {"merged", "closed"} else f"{relation.name} ({state})"
