"""Simulates a soak without a server. Used by the command line."""

from bot.simulate.scenario import read_story
from bot.simulate.simulator import Played, play
from bot.simulate.svg import drawn

__all__ = [
    "Played",
    "drawn",
    "play",
    "read_story",
]
