"""The guards: small checks of what a pull request touches, each with its own status and its own mode in the policy.

They run on open pull requests and drafts, and are off until the policy enables them. Each reports what it found and
fails closed: if the list of changed files is incomplete, the verdict is `error`, never `pass`.
"""

from bot.model import Check
from handlers.guards import base, docs_drift, file_modes, red_zone, scope, workflow_lint

CHECKS: tuple[Check, ...] = (
    base.CHECK,
    docs_drift.CHECK,
    workflow_lint.CHECK,
    scope.CHECK,
    red_zone.CHECK,
    file_modes.CHECK,
)
