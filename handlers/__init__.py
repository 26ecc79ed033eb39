"""The judgment: the checks in the order in which they run, ours first, then others' from the entry-point group."""

from importlib.metadata import entry_points

from bot.model import Check
from handlers import secret_leak

CHECKS: tuple[Check, ...] = (
    secret_leak.CHECK,
    *(point.load() for point in entry_points(group="assaymaster.checks")),
)
