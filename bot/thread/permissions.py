"""What Forgejo lets people do in a repository: asked only of those who wrote a command that nobody has taken yet."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound
from bot.model import Inputs
from bot.policy import Policy, named

COMMAND = re.compile(r"(?m)^ {0,3}/[a-z][a-z-]*\s*(?:$|\s)")
"""What may be a command; whether it is one, the check says that reads commands."""

MAX_ASKED = 50
REMEMBERED = 2000
FRESH = timedelta(minutes=5)
"""How long an answer is believed: about as long as somebody who lost his rights may still act on what he wrote."""


def commanders(inputs: Inputs, policy: Policy) -> tuple[str, ...]:
    """Gives who wrote what may be a command and isn't decided yet, each once, the newest first.

    Whom the policy names as operator or agent needs no asking.
    """
    done = {one.comment_id for one in inputs.decisions}
    known = (*(policy.operators or ()), *policy.agents)
    found = [
        one.author
        for one in sorted(inputs.comments, key=lambda one: -one.id)
        if one.author and one.id not in done and not one.edited and inputs.live(one) and COMMAND.search(one.body)
    ]
    return tuple(login for login in dict.fromkeys(found) if not named(login, known))[:MAX_ASKED]


class PermissionReader:
    """Asks for permissions, and believes an answer for a while."""

    def __init__(self, client: ForgejoAPI, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[datetime, str]] = OrderedDict()

    async def of(self, repository: str, logins: Sequence[str]) -> dict[str, str]:
        """Gives each account's permission (none, read, write, admin, owner), as far as the bot may ask.

        Forgejo tells an administrator of the repository alone: without that right the answer is empty, and the
        policy's lists decide. Raises ForgejoError.
        """
        found: dict[str, str] = {}
        for login in logins:
            try:
                found[login] = await self._one(repository, login)
            except Forbidden:
                return {}
        return found

    async def _one(self, repository: str, login: str) -> str:
        at, said = self._known.get((repository, login), (None, ""))
        now = self._clock()
        if at is not None and now - at < FRESH:
            return said
        try:
            said = (await endpoints.COLLABORATOR_PERMISSION.get(self._client, repository, login)).permission
        except NotFound:
            said = "none"
        self._known[repository, login] = (now, said)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return said
