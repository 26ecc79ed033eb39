"""Actions: the life of runs, jobs and tasks, their logs, and their JSON. Runs are staged, since no runner is there.

Runs begin by staging or by a dispatch, never by a push, and nothing but staging takes their jobs or ends them.
"""

from bot.sandbox.actions.gitea import GiteaShapes
from bot.sandbox.actions.lifecycle import JobPlan, Lifecycle, Plan
from bot.sandbox.actions.log import NOT_YET
from bot.sandbox.actions.log import text as log_text
from bot.sandbox.actions.news import News
from bot.sandbox.actions.payloads import Payloads
from bot.sandbox.actions.shapes import RunShapes
from bot.sandbox.actions.staging import RunStaging
from bot.sandbox.actions.workflows import FORGEJO as FORGEJO_FOLDERS
from bot.sandbox.actions.workflows import GITEA as GITEA_FOLDERS
from bot.sandbox.actions.workflows import MissingInput, Workflow, parse

__all__ = [
    "FORGEJO_FOLDERS",
    "GITEA_FOLDERS",
    "NOT_YET",
    "GiteaShapes",
    "JobPlan",
    "Lifecycle",
    "MissingInput",
    "News",
    "Payloads",
    "Plan",
    "RunShapes",
    "RunStaging",
    "Workflow",
    "log_text",
    "parse",
]
