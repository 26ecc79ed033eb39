"""What a judgment asks the operator to do."""

from collections.abc import Iterable

from bot.model import Actor, Finding, Location, Severity
from bot.text import cut
from handlers.judge.payload import ESCALATED, Opinion
from handlers.judge.signals.table import BY_NAME, Signal

RULE = "operator-needed"
REASON = 160
ACTIONS = {
    "leak": "make sure that the leaked secret is revoked",
    "credential": "handle the credential or the access",
    "destructive": "decide about the deletion",
    "production": "decide about the change of production",
    "legal": "decide about the legal act",
    "personal": "decide about the personal data",
    "spending": "decide about the spending",
    "outside": "do what needs access that agents do not have",
    "trust": "decide who may approve changes",
    "gate": "decide whether this may start",
    "access": "decide about the access that is opened",
    "protection": "have the protection repaired (backup, monitoring or certificate)",
    "outage": "have the service restored",
    "unread": "read what is too long for the judge",
}
"""The operator's action for each operator matter of the rules."""
OTHERS = frozenset({"called"})
"""Signals of matters for which another check calls the operator already."""


def operator_calls(opinion: Opinion, signals: Iterable[Signal], labels: dict[str, bool]) -> tuple[Finding, ...]:
    """Return the finding that calls the operator, if the judgment stands for one and no other check says the same."""
    if not labels.get(ESCALATED):
        return ()
    matters = [signal for signal in signals if BY_NAME[signal.name].matter]
    own = [signal for signal in matters if signal.name not in OTHERS]
    if matters and not own:
        return ()
    reason = opinion.escalation.reason if opinion.escalation else opinion.rationale_summary
    action = ACTIONS[BY_NAME[own[0].name].matter] if own else f"decide: {cut(reason.rstrip('.'), REASON)}"
    return (
        Finding(
            rule=RULE,
            severity=Severity.HIGH if opinion.priority in {"p0", "p1"} else Severity.MEDIUM,
            title=cut(reason, 2 * REASON),
            location=Location(where="target"),
            actor=Actor.OPERATOR,
            action=action,
        ),
    )
