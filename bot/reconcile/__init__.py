"""The loop for one target: observe, assess, plan, remember, apply. Called by the engine alone."""

from bot.reconcile.apply import Applier
from bot.reconcile.label_writer import LabelRefused
from bot.reconcile.look import Look, Parts
from bot.reconcile.reconciler import Reconciler

__all__ = [
    "Applier",
    "LabelRefused",
    "Look",
    "Parts",
    "Reconciler",
]
