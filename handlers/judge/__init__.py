"""The judge: priority and next step of a target, with the reasons.

Public modules: `external_judges`.
"""

from handlers.judge.check import CHECK
from handlers.judge.human_decisions import binding, spoken_labels
from handlers.judge.payload import FAMILY
from handlers.judge.previous import NAME, Past

__all__ = [
    "CHECK",
    "FAMILY",
    "NAME",
    "Past",
    "binding",
    "spoken_labels",
]
