"""A small Forgejo stand-in on loopback: API, git over HTTP, signed webhooks, plain pages.

It serves the demo, the tests and the benchmark; recordings of a real server are its contract.

Public modules: `world`.
"""

from bot.sandbox.faults import Fault
from bot.sandbox.pages.story import EMOJI
from bot.sandbox.server import Sandbox

__all__ = ["EMOJI", "Fault", "Sandbox"]
