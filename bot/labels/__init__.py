"""Label sets: the catalog `labels.yaml`, its lint, and the sync of a repository with it.

Which labels a target gets is decided by the checks (`handlers/labels`), what others changed of them by `bot.plan`.
Used by plan, reconcile, setup and the command line.

Public modules: `sync_client`.
"""

from bot.labels.catalog import LabelDef, LabelGroup, LabelSet, hex_colour
from bot.labels.lint import lint_labels, rule_faults
from bot.labels.sync_plan import LabelChange

__all__ = [
    "LabelChange",
    "LabelDef",
    "LabelGroup",
    "LabelSet",
    "hex_colour",
    "lint_labels",
    "rule_faults",
]
