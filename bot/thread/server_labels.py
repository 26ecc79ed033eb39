"""The labels that a repository and its organisation define, read for writes and for undecided commands about them."""

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
    return tuple(sorted(await label_ids(client, repository)))


async def label_ids(client: ForgejoAPI, repository: str) -> dict[str, int]:
    """Return the ids of all labels that can be set, by name. Raises ForgejoError.

    A repository's label comes before its organisation's; of several, the repository's oldest one is taken.
    """
    own = [label async for label in endpoints.LABELS.each(client, repository)]
    found = {label.name: label.id for label in sorted(own, key=lambda label: -label.id)}
    # A user has no labels of its own, and a token without read:organization may not ask for an organisation's.
    with suppress(NotFound, Forbidden):
        async for label in endpoints.ORG_LABELS.each(client, repository.partition("/")[0]):
            found.setdefault(label.name, label.id)
    return found
