"""The guards: small checks of what a pull request touches, each with its own status and its own mode in the policy.

They run on open pull requests, drafts too, and are off until the policy names them. Each says what it saw, and fails
closed: where the list of changed files can't be read whole, the verdict is `error`, never `pass`.
"""

from bot.model import Check
from handlers import guard_base, guard_docs, guard_modes, guard_red_zone, guard_scope, guard_workflows

CHECKS: tuple[Check, ...] = (
    guard_base.CHECK,
    guard_docs.CHECK,
    guard_workflows.CHECK,
    guard_scope.CHECK,
    guard_red_zone.CHECK,
    guard_modes.CHECK,
)
