"""A small Forgejo stand-in on loopback: API, git over HTTP, signed webhooks, plain pages.

It serves the demo, the tests and the benchmark; recordings of a real server are its contract.
"""

from bot.sandbox.faults import Fault
from bot.sandbox.server import Call, Sandbox

__all__ = ["Call", "Fault", "Sandbox"]
