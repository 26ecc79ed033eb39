"""Accounts' permissions in a repository, requested only for authors of undecided commands."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.model import Inputs, Repo
from bot.policy import Policy, is_agent, named

COMMAND = re.compile(r"(?m)^ {0,3}/[a-z][a-z-]*\s*(?:$|\s)")
"""A possible command; the commands check decides whether it is one."""

MAX_ASKED = 50
REMEMBERED = 2000
FRESH = timedelta(minutes=5)
"""How long an answer is cached: for about this time somebody who lost his permission may still give commands."""


def commanders(inputs: Inputs, policy: Policy) -> dict[str, int]:
    """Return the authors of possible undecided commands with their accounts' ids, the newest first.

    The policy's operators and agents are left out: their permissions are not needed.
    """
    done = {one.comment_id for one in inputs.decisions}
    found = {
        one.author: one.author_id
        for one in sorted(inputs.comments, key=lambda one: -one.id)
        if one.author and one.id not in done and not one.edited and inputs.live(one) and COMMAND.search(one.body)
    }
    asked = [
        (name, number)
        for name, number in found.items()
        if not named(name, policy.operators or ()) and not is_agent(name, policy.agents)
    ]
    return dict(asked[:MAX_ASKED])


class PermissionReader:
    """Requests permissions, and caches the answers for a while. `login` returns what an account is called now."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], datetime], login: Callable[[int], str]) -> None:
        self._client = client
        self._clock = clock
        self._login = login
        self._known: OrderedDict[tuple[Repo, int], tuple[datetime, str]] = OrderedDict()

    async def of(self, repo: Repo, people: Mapping[str, int]) -> dict[str, str]:
        """Return the permission (none, read, write, admin, owner) of each account, if the bot may request it.

        `people` has the accounts' ids by their names. Forgejo answers only an administrator of the repository:
        otherwise the result is empty, and the policy's lists decide. Raises ForgejoError.
        """
        found: dict[str, str] = {}
        for name, number in people.items():
            try:
                found[name] = await self._one(repo, number)
            except Forbidden:
                return {}
        return found

    async def _one(self, repo: Repo, account_id: int) -> str:
        """The server is asked by login, so its answer counts only if it is about the account that is meant."""
        login = self._login(account_id)
        if account_id <= 0 or not login:
            return "none"
        at, said = self._known.get((repo, account_id), (None, ""))
        now = self._clock()
        if at is not None and now - at < FRESH:
            return said
        try:
            answer = await endpoints.COLLABORATOR_PERMISSION.get(self._client, repo.name, login)
            said = answer.permission if answer.user.id == account_id else "none"
        except NotFound:
            said = "none"
        self._known[repo, account_id] = (now, said)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return said
