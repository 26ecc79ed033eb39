"""Turns a snapshot into reports, reports into a plan, and a plan into the writes that are still missing.

`assessment` runs the checks and makes the plan, `report` has the texts of the report comment, `label_merge` decides
about a label that somebody changed, `actions` finds the writes. Pure: no I/O, no clock. Used by preview, reconcile and
the command line.

Public modules: `report`.
"""

from bot.plan.actions import Action, Disputes, disputes, status_value, writes
from bot.plan.assessment import Assessment, assess, plan
from bot.plan.label_merge import arrived_labels, current_evidence, label_object
from bot.plan.policy_changes import WAITS, changes
from bot.plan.policy_report import NAME
from bot.plan.report import without_footer
from bot.plan.report_payload import values
from bot.plan.statuses import MAX_DESCRIPTION
from bot.plan.who_acts import counts, opening

__all__ = [
    "MAX_DESCRIPTION",
    "NAME",
    "WAITS",
    "Action",
    "Assessment",
    "Disputes",
    "arrived_labels",
    "assess",
    "changes",
    "counts",
    "current_evidence",
    "disputes",
    "label_object",
    "opening",
    "plan",
    "status_value",
    "values",
    "without_footer",
    "writes",
]
