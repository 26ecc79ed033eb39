"""The loop for one target: observe, assess, plan, remember, apply. Called by the engine alone.

`reconciler` is the loop, `evaluate` its half without writes, `apply` writes comments, labels and statuses to Forgejo.
"""

from bot.reconcile.apply import Applier
from bot.reconcile.evaluate import Evaluation, Parts
from bot.reconcile.label_writer import LabelRefused, LabelWriter
from bot.reconcile.reconciler import Reconciler

__all__ = [
    "Applier",
    "Evaluation",
    "LabelRefused",
    "LabelWriter",
    "Parts",
    "Reconciler",
]
