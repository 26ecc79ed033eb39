"""The judgment: the checks in the order in which they run, ours first, then others' from the entry-point group."""

from importlib.metadata import entry_points

from bot.model import Check
from handlers.commands.check import CHECK as COMMANDS
from handlers.contract.check import CHECK as CONTRACT
from handlers.guards.check import CHECKS as GUARDS
from handlers.judge.check import CHECK as JUDGE
from handlers.labels.check import CHECK as LABELS
from handlers.merge.check import CHECK as MERGE
from handlers.secret_leak import CHECK as SECRET_LEAK
from handlers.soak.check import CHECK as SOAK_EVIDENCE
from handlers.soak.gates import CHECK as GATES

CHECKS: tuple[Check, ...] = (
    COMMANDS,
    SECRET_LEAK,
    CONTRACT,
    *GUARDS,
    SOAK_EVIDENCE,
    GATES,
    LABELS,
    JUDGE,
    *(point.load() for point in entry_points(group="assaymaster.checks")),
    MERGE,
)
