"""Receives events: webhook, inbox, routing, and listing of missed changes. Used by the application.

`webhook` accepts a delivery; `proof` checks who signed it, with the secrets of `hook_secrets`; `origins` asks the
server about the repository that it names; `routing` says which targets it affects; `resync` lists changes without a
delivery.
"""

from bot.intake.hook_secrets import SHARED, HookSecrets, Signer
from bot.intake.inbox import Inbox
from bot.intake.origins import Origins
from bot.intake.resync import Resync
from bot.intake.routing import Change, mark_changed, route, route_pending
from bot.intake.served import derived, take_note
from bot.intake.webhook import add_webhook

__all__ = [
    "SHARED",
    "Change",
    "HookSecrets",
    "Inbox",
    "Origins",
    "Resync",
    "Signer",
    "add_webhook",
    "derived",
    "mark_changed",
    "route",
    "route_pending",
    "take_note",
]
