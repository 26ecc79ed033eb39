"""The judgment: how much something matters, who should take it next, and why.

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
