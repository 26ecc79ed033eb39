"""Who the bot is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Who the bot is on this server, who operates it, and the key of its witnesses."""

    account: str
    account_id: int
    operators: tuple[str, ...]
    witness_key: bytes
