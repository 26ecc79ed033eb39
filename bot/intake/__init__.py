"""Receives events: webhook, inbox, routing, and listing of missed changes. Used by the application.

`webhook` accepts a delivery and has its signature checked by `bot.forgejo.signature`; `routing` says which targets it
affects; `resync` lists changes without a delivery.
"""

from bot.intake.inbox import Inbox
from bot.intake.resync import Resync
from bot.intake.routing import Change, mark_changed, route, route_pending
from bot.intake.webhook import add_webhook

__all__ = [
    "Change",
    "Inbox",
    "Resync",
    "add_webhook",
    "mark_changed",
    "route",
    "route_pending",
]
