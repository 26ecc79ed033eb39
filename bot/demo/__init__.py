"""The demo: the bot at work on a small Forgejo, told as a story. Used by the command line."""

from bot.demo.run import demo

__all__ = [
    "demo",
]
