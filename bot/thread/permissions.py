"""Accounts' permissions in a repository, requested only for authors of undecided commands."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.forgejo.types import User
from bot.model import Inputs, Repo
from bot.policy import Policy, is_agent, named

COMMAND = re.compile(r"(?m)^ {0,3}/[a-z][a-z-]*\s*(?:$|\s)")
"""A possible command; the commands check decides whether it is one."""

MAX_ASKED = 50
REMEMBERED = 2000
FRESH = timedelta(minutes=5)
"""How long an answer is cached: for about this time somebody who lost his permission may still give commands."""


def commanders(inputs: Inputs, policy: Policy) -> tuple[str, ...]:
    """Return the authors of possible undecided commands, each once, the newest first.

    The policy's operators and agents are left out: their permissions are not needed.
    """
    done = {one.comment_id for one in inputs.decisions}
    found = [
        one.author
        for one in sorted(inputs.comments, key=lambda one: -one.id)
        if one.author and one.id not in done and not one.edited and inputs.live(one) and COMMAND.search(one.body)
    ]
    asked = (
        name
        for name in dict.fromkeys(found)
        if not named(name, policy.operators or ()) and not is_agent(name, policy.agents)
    )
    return tuple(asked)[:MAX_ASKED]


class PermissionReader:
    """Requests permissions, and caches the answers for a while. `person` returns the account that has a name."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], datetime], person: Callable[[str], User | None]) -> None:
        self._client = client
        self._clock = clock
        self._person = person
        self._known: OrderedDict[tuple[Repo, int], tuple[datetime, str]] = OrderedDict()

    async def of(self, repo: Repo, names: Sequence[str]) -> dict[str, str]:
        """Return the permission (none, read, write, admin, owner) of each account, if the bot may request it.

        Forgejo answers only an administrator of the repository: otherwise the result is empty, and the policy's lists
        decide. Raises ForgejoError.
        """
        found: dict[str, str] = {}
        for name in names:
            user = self._person(name)
            try:
                found[name] = await self._one(repo, user) if user and user.id > 0 else "none"
            except Forbidden:
                return {}
        return found

    async def _one(self, repo: Repo, user: User) -> str:
        """The server is asked by login, so its answer counts only if it is about the account that is meant."""
        at, said = self._known.get((repo, user.id), (None, ""))
        now = self._clock()
        if at is not None and now - at < FRESH:
            return said
        try:
            answer = await endpoints.COLLABORATOR_PERMISSION.get(self._client, repo.name, user.login)
            said = answer.permission if answer.user.id == user.id else "none"
        except NotFound:
            said = "none"
        self._known[repo, user.id] = (now, said)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return said
