"""The judgment: the checks in the order in which they run, ours first, then others' from the entry-point group."""

from importlib.metadata import entry_points

from bot.model import Check
from handlers import commands, contract, gates, guards, judge, labels, merge, secret_leak, soak_evidence

CHECKS: tuple[Check, ...] = (
    commands.CHECK,
    secret_leak.CHECK,
    contract.CHECK,
    *guards.CHECKS,
    soak_evidence.CHECK,
    gates.CHECK,
    labels.CHECK,
    judge.CHECK,
    *(point.load() for point in entry_points(group="assaymaster.checks")),
    merge.CHECK,
)
