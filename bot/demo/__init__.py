"""The demo: the bot on a small Forgejo stand-in, in chapters. Used by the command line."""

from bot.demo.run import demo

__all__ = [
    "demo",
]
