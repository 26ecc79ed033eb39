"""Accounts, and how much of a repository each may do."""

import enum
import re
from dataclasses import dataclass, field
from datetime import datetime

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class Level(enum.IntEnum):
    """How much of a repository a user may do, in rising order."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3
    OWNER = 4


@dataclass(eq=False)
class User:
    """A person, a bot, or an organisation."""

    id: int
    login: str
    created: datetime
    admin: bool = False
    organisation: bool = False
    owners: set[str] = field(default_factory=set)
    email: str = ""
    full_name: str = ""

    def __post_init__(self) -> None:
        # the address that commits made through the API carry stays when the account gets another name
        self.email = self.email or f"{self.login}@example.invalid"
