"""How the bot learns that something happened: webhook, inbox, routing, listing. Used by the application."""

from bot.intake.inbox import Inbox
from bot.intake.resync import Resync
from bot.intake.routing import Touch, Touched, mark_dirty, route, route_pending
from bot.intake.webhook import add_webhook

__all__ = [
    "Inbox",
    "Resync",
    "Touch",
    "Touched",
    "add_webhook",
    "mark_dirty",
    "route",
    "route_pending",
]
