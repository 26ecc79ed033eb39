"""From a target to its snapshot. Used by preview and reconcile."""

from bot.observe.context import Contexts, Wanted
from bot.observe.gate_inputs import Proofs
from bot.observe.observer import PATIENCE, Observer, Sources
from bot.observe.policy_in_force import Policies

__all__ = [
    "PATIENCE",
    "Contexts",
    "Observer",
    "Policies",
    "Proofs",
    "Sources",
    "Wanted",
]
