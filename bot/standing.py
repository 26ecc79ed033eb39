"""What Forgejo lets people do in a repository: asked only of those who wrote a command that nobody has taken yet."""

import re
from collections.abc import Collection, Iterable, Sequence

from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.sansio import path
from bot.forgejo.types import CollaboratorPermission
from bot.model import CommentText, Decision

COMMAND = re.compile(r"(?m)^ {0,3}/[a-z]")
"""What may be a command; whether it is one, the check says that reads commands."""

MAX_ASKED = 10


def commanders(comments: Iterable[CommentText], decided: Collection[Decision]) -> tuple[str, ...]:
    """Gives who wrote what may be a command and isn't decided yet, each once, the first few."""
    done = {one.comment_id for one in decided}
    found = [one.author for one in comments if one.author and one.id not in done and COMMAND.search(one.body)]
    return tuple(dict.fromkeys(found))[:MAX_ASKED]


async def permissions(client: ForgejoAPI, repository: str, logins: Sequence[str]) -> dict[str, str]:
    """Gives each account's permission (none, read, write, admin, owner), as far as the bot may ask.

    Forgejo tells an administrator of the repository alone: without that right the answer is empty, and the policy's
    lists decide. Raises ForgejoError.
    """
    owner, name = repository.split("/", 1)
    found: dict[str, str] = {}
    for login in logins:
        try:
            raw = await client.getitem(f"{path('repos', owner, name, 'collaborators', login)}/permission")
        except Forbidden:
            return {}
        except NotFound:
            continue
        found[login] = CollaboratorPermission.of(raw).permission
    return found
