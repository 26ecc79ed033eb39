"""The labels that a repository and its organisation define, read only for undecided commands about labels."""

import re
from contextlib import suppress

from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import Label
from bot.model import Inputs

COMMAND = re.compile(r"(?m)^ {0,3}/(?:un)?label\s")
"""A possible command; the commands check decides whether it is one."""


async def defined_labels(client: ForgejoAPI, repository: str, inputs: Inputs) -> tuple[str, ...]:
    """Return the names of all labels that can be set, if a comment asks for one; else none. Raises ForgejoError."""
    done = {one.comment_id for one in inputs.decisions}
    if not any(one.id not in done and not one.edited and COMMAND.search(one.body) for one in inputs.comments):
        return ()
    owner, name = repository.split("/", 1)
    found = {Label.of(raw).name async for raw in client.getiter(path("repos", owner, name, "labels"))}
    # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
    with suppress(NotFound, Forbidden):
        async for raw in client.getiter(path("orgs", owner, "labels")):
            found.add(Label.of(raw).name)
    return tuple(sorted(found))
