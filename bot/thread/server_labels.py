"""The labels that a repository and its organisation define, read only for undecided commands about labels."""

import re
from contextlib import suppress

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.model import Inputs

COMMAND = re.compile(r"(?m)^ {0,3}/(?:un)?label\s")
"""A possible command; the commands check decides whether it is one."""


async def defined_labels(client: ForgejoAPI, repository: str, inputs: Inputs) -> tuple[str, ...]:
    """Return the names of all labels that can be set, if a comment asks for one; else none. Raises ForgejoError."""
    done = {one.comment_id for one in inputs.decisions}
    if not any(one.id not in done and not one.edited and COMMAND.search(one.body) for one in inputs.comments):
        return ()
    found = {label.name async for label in endpoints.LABELS.each(client, repository)}
    # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
    with suppress(NotFound, Forbidden):
        async for label in endpoints.ORG_LABELS.each(client, repository.partition("/")[0]):
            found.add(label.name)
    return tuple(sorted(found))
