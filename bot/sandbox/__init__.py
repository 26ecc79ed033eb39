"""A stand-in for a Forgejo or Gitea server on loopback: API, git over HTTP, signed webhooks, plain pages.

It serves the demo, the tests and the benchmark. Which server it is, is a value; recordings of real servers are the
contract of each.

Public modules: `world`.
"""

from bot.sandbox.actions import JobPlan
from bot.sandbox.faults import Fault
from bot.sandbox.pages.story import EMOJI
from bot.sandbox.server import Sandbox
from bot.sandbox.servers import FORGEJO_12, FORGEJO_16, GITEA, SERVERS, Server

__all__ = ["EMOJI", "FORGEJO_12", "FORGEJO_16", "GITEA", "SERVERS", "Fault", "JobPlan", "Sandbox", "Server"]
