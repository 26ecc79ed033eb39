"""The client of Forgejo: `endpoints` is what is asked, `types` what is answered, `httpx` the I/O, `sansio` the rest.

Public modules: `capabilities`, `endpoints`, `errors`, `httpx`, `signature`, `types`.
"""

from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.options import Options
from bot.forgejo.routing import Router
from bot.forgejo.server import ServerReader

__all__ = [
    "ForgejoAPI",
    "Options",
    "Router",
    "ServerReader",
]
