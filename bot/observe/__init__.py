"""Takes the snapshot of a target: what Forgejo, git and the database say of it now. Used by preview and reconcile."""

from bot.observe.context import Contexts, Wanted
from bot.observe.gate_inputs import GateInputs
from bot.observe.located import NameTaken
from bot.observe.observer import PATIENCE, Observer
from bot.observe.policy_in_force import MISPLACED, Policies
from bot.observe.sources import Sources

__all__ = [
    "MISPLACED",
    "PATIENCE",
    "Contexts",
    "GateInputs",
    "NameTaken",
    "Observer",
    "Policies",
    "Sources",
    "Wanted",
]
