"""All checks, in the order in which they run; those of other packages come from the entry-point group."""

from importlib.metadata import entry_points

from bot.model import Check
from handlers.commands import CHECK as COMMANDS
from handlers.contract import CHECK as CONTRACT
from handlers.guards import CHECKS as GUARDS
from handlers.incident import CHECK as INCIDENT
from handlers.judge import CHECK as JUDGE
from handlers.labels import CHECK as LABELS
from handlers.merge import CHECK as MERGE
from handlers.secret_leak import CHECK as SECRET_LEAK
from handlers.soak import GATES, SOAK_EVIDENCE

CHECKS: tuple[Check, ...] = (
    COMMANDS,
    SECRET_LEAK,
    INCIDENT,
    CONTRACT,
    *GUARDS,
    SOAK_EVIDENCE,
    GATES,
    LABELS,
    *(point.load() for point in entry_points(group="assaymaster.checks")),
    JUDGE,
    MERGE,
)
