"""The client of Forgejo: `endpoints` has the calls, `types` the answers, `httpx` the I/O, `sansio` the rest.

`signature` signs deliveries and checks their signature.

Public modules: `capabilities`, `endpoints`, `errors`, `httpx`, `signature`, `types`.
"""

from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.options import Options, noting_unanswered
from bot.forgejo.politeness import Limits
from bot.forgejo.routing import Router
from bot.forgejo.server import ServerReader

__all__ = [
    "ForgejoAPI",
    "Limits",
    "Options",
    "Router",
    "ServerReader",
    "noting_unanswered",
]
