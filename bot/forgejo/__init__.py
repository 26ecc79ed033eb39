"""The client of Forgejo: `sansio` decides without I/O, `abc` has the verbs, `httpx` the I/O, `types` the answers.

`signature` signs deliveries and checks their signature.

Public modules: `errors`, `httpx`, `signature`, `types`.
"""

from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.options import Options
from bot.forgejo.routing import Router
from bot.forgejo.sansio import path

__all__ = [
    "ForgejoAPI",
    "Options",
    "Router",
    "path",
]
