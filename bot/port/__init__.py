"""The bot's HTTP ports: limits on connections, request heads and body bytes, and short answers of its own.

Used by `bot.app`, which opens the ports, and by `bot.intake`, which reads bodies.
"""

from bot.port.answers import answer
from bot.port.bodies import Bodies, BodyIncomplete, BodyLate, BodyNoRoom, BodyTooLarge
from bot.port.limits import PortLimits, TooFewFiles, open_files, port_limits
from bot.port.port import Port

__all__ = [
    "Bodies",
    "BodyIncomplete",
    "BodyLate",
    "BodyNoRoom",
    "BodyTooLarge",
    "Port",
    "PortLimits",
    "TooFewFiles",
    "answer",
    "open_files",
    "port_limits",
]
