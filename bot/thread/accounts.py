"""Finds the accounts that listed logins mean, and gives everything that was read from Forgejo the names of these.

A login is looked up once, when it is first listed: for operators when the server starts, for the lists of a policy when
it is first in force. From then on the login means this account's id, until an operator of the bot's host confirms
another one. An unchanged target costs no request.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import Forbidden, NotFound, Redirected
from bot.forgejo.types import User
from bot.model import Decision, StatusSeen
from bot.policy import Policy, named
from bot.store import Store, accounts
from bot.store.scheduling import marking
from bot.thread.account_names import CONFIRM, Done, by_name, notes, people_of, posted, with_names
from bot.thread.directory import Directory
from bot.thread.thread import Thread

log = structlog.get_logger(__name__)

LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
"""A login as Forgejo accepts it."""
REMEMBERED = 10_000
FRESH = 1.0
REFUSED = 600.0
"""Seconds for which the database's accounts are remembered, and after which a refused login is looked up again."""


class NotTheirs(ValueError):
    """The account does not have the login; the text says what to do."""


class Accounts:
    """Knows accounts by id. `me` returns the bot's id and login; `alarm` is called for each login that was taken."""

    def __init__(  # noqa: PLR0913, PLR0917 - whom to ask, where it is kept, who is listed, and who is told
        self,
        client: ForgejoAPI,
        store: Store,
        operators: tuple[str, ...],
        me: Callable[[], tuple[int, str]],
        clock: Callable[[], datetime],
        alarm: Callable[[], None],
    ) -> None:
        self._client = client
        self._store = store
        self._operators = operators
        self._me = me
        self._clock = clock
        self._alarm = alarm
        self._unread: FactCache[str, bool] = FactCache(REMEMBERED)
        self._logins: FactCache[int, str] = FactCache(REMEMBERED)
        self._rows: FactCache[str, tuple[accounts.Account, ...]] = FactCache(1)
        self._version = 0
        self._lock = asyncio.Lock()
        self._refused: set[str] = set()

    async def directory(self) -> Directory:
        """Return the directory as the database had it a second ago at most: another process may change it."""
        found, version = self._rows.get("all"), self._version
        if found is None:
            async with self._store.read() as session:
                found = await accounts.known(session)
            if version == self._version:
                self._rows.keep("all", found, FRESH)
        return Directory(found, self._me(), self._refused)

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncSession]:
        """One change at a time, after which the database is read again."""
        try:
            async with self._lock, self._store.session() as session:
                yield session
        finally:
            self._version += 1
            self._rows.forget("all")

    async def narrowed(self, policy: Policy) -> Policy:
        """Return a policy with names of accounts for logins, and its operators limited to those of the settings.

        Raises ForgejoError if a new login cannot be looked up now.
        """
        directory = await self._looked_up(self._operators, "settings")
        directory = await self._looked_up(policy.logins(), "policy", directory)
        named_policy = policy.with_logins(directory.rights, directory.restricted)
        return named_policy.narrowed(directory.operators(self._operators))

    async def tried(self, policy: Policy) -> Policy:
        """Return the same for a policy that nobody has trusted: none of its new logins is looked up or bound."""
        directory = await self.directory()
        return policy.with_logins(directory.rights, directory.restricted).narrowed(directory.operators(self._operators))

    async def operators(self) -> tuple[str, ...]:
        """Return the names of the operators. Raises ForgejoError if a new one cannot be looked up now."""
        return (await self._looked_up(self._operators, "settings")).operators(self._operators)

    async def named(self, thread: Thread) -> Thread:
        """Return a thread in which every login is the name of its account."""
        directory = await self.directory()
        await self._noticed(people_of(thread), directory)
        return with_names(thread, directory)

    async def by_name(self, things: Iterable[Done]) -> list[Done]:
        """Return things that accounts did, such as reviews, with the accounts' names for logins."""
        found = list(things)
        directory = await self.directory()
        await self._noticed([one.user for one in found], directory)
        return [by_name(one, directory) for one in found]

    async def posted(self, statuses: Iterable[StatusSeen]) -> tuple[StatusSeen, ...]:
        """Return statuses with the names of the accounts that posted them."""
        return posted(statuses, await self.directory())

    def login(self, account_id: int) -> str:
        """Return the login with which an account was seen last; empty if it was not seen."""
        return self._logins.get(account_id) or ""

    async def decided(self, made: Iterable[Decision]) -> tuple[Decision, ...]:
        """Return stored decisions with the present names of those who decided; older ones have no ids."""
        return tuple([one.model_copy(update={"by": await self.decider(one.by, one.by_id)}) for one in made])

    async def decider(self, login: str, account_id: int) -> str:
        """Return the present name of an account that decided something under a login."""
        directory = await self.directory()
        return directory.name(login, account_id) if account_id else directory.current(login)

    def notes(self, thread: Thread, policy: Policy) -> tuple[str, ...]:
        """Return notes about accounts in a named thread that have or had a login of the lists without being meant."""
        return notes(thread, (*(policy.operators or ()), *self._operators, *policy.logins()))

    async def problems(self, without: Sequence[str] = ()) -> tuple[str, ...]:
        """Return a sentence for each login that another account has now; `without` are logins to leave out."""
        async with self._store.read() as session:
            found = await accounts.known(session)
        return tuple(
            f"account {one.id} has the login {one.login}, which means another account or none; it has no rights; "
            f"{CONFIRM} {one.login} {one.id}"
            for one in found
            if one.state == "unconfirmed" and not named(one.login, without)
        )

    async def checked(self, login: str) -> str:
        """Ask the server who has an operator's login now; return what is wrong with it, with what to do, or nothing.

        Raises ForgejoError.
        """
        found = await self._ask(login)
        async with self._changing() as session:
            directory = Directory(await accounts.known(session), self._me())
            meant, now = directory.means(login), self._clock()
            if found is None or not found.id:
                if not meant:
                    await accounts.looked_up(session, login, accounts.NOBODY, "settings", now)
                    return f"the server has no account {login}, or hides it from the bot; correct ASSAY_OPERATORS"
                return (
                    f"account {meant} is no longer called {login}, and stays an operator; write its new login in "
                    "ASSAY_OPERATORS, or remove it if the account was deleted"
                )
            if not directory.knows(login):
                await accounts.looked_up(session, found.login, found.id, "settings", now)
                return ""
            if meant == found.id:
                await accounts.adopt(session, login, meant, now)
                await accounts.returned(session, login)
                return ""
        await self._took(found)
        return f"account {found.id} has the login {login} now, and nobody has its rights; {CONFIRM} {login} {found.id}"

    async def confirm(self, login: str, account_id: int, by: str) -> User:
        """Bind a login to the account that has it now, and mark open targets dirty; a second time it does the same.

        Raises NotTheirs if the account does not have the login, and ForgejoError.
        """
        found = await self._ask(login)
        async with self._changing() as session:
            known = await accounts.known(session)
            seen = [one for one in known if one.login == accounts.folded(login) and one.id == account_id]
            if found is None and seen and accounts.folded(seen[0].called) == accounts.folded(login):
                found = User(id=account_id, login=seen[0].called)
            if found is None:
                raise NotTheirs(
                    f"the server does not tell who has the login {login}, and the bot has not seen it either"
                )
            if found.id != account_id:
                raise NotTheirs(f"the login {login} belongs to account {found.id} now, not to {account_id}")
            await accounts.confirm(session, found.login, account_id, by, self._clock())
        await marking.mark_all_open(self._store, priority=3)
        return found

    async def _looked_up(
        self, logins: Sequence[str], how: accounts.How, directory: Directory | None = None
    ) -> Directory:
        """Return the directory with all of some logins looked up."""
        known = directory or await self.directory()
        new = [
            login
            for login in logins
            if (not known.knows(login) or (how == "settings" and known.only_by_policy(login)))
            and not self._unread.get(accounts.folded(login))
        ]
        if not new:
            return known
        for login in dict.fromkeys(new):
            await self._look_up(login, how)
        return await self.directory()

    async def _look_up(self, login: str, how: accounts.How) -> None:
        if not LOGIN.fullmatch(login):
            self._refused.add(accounts.folded(login))
            self._unread.keep(accounts.folded(login), fact=True)
            return
        try:
            found = await self._ask(login)
        except Forbidden as fault:
            self._refused.add(accounts.folded(login))
            self._unread.keep(accounts.folded(login), fact=True, seconds=REFUSED)
            log.warning("account.not-readable", login=login, error=str(fault), next="give the token read:user")
            return
        self._refused.discard(accounts.folded(login))
        number, called = (found.id, found.login) if found else (accounts.NOBODY, login)
        async with self._changing() as session:
            await accounts.looked_up(session, called, number, how, self._clock())
            if how == "settings":
                await accounts.adopt(session, called, number, self._clock())
                self._unread.keep(accounts.folded(login), fact=True, seconds=REFUSED)
        if not number:
            log.warning("account.missing", login=login, listed=how, next="correct the list, or confirm it later")

    async def _ask(self, login: str) -> User | None:
        """Return who has a login now; None if the server tells nobody. Raises other ForgejoErrors.

        Forgejo redirects from an account's old login to its new one.
        """
        try:
            found = await endpoints.ACCOUNT.get(self._client, login)
        except NotFound:
            return None
        except Redirected as fault:
            if fault.server:
                raise
            return None
        return found if found.id and accounts.folded(found.login) == accounts.folded(login) else None

    async def _noticed(self, people: Iterable[User], directory: Directory) -> None:
        """Record who has a listed login without being meant, and listed accounts with a new login."""
        for user in {(one.id, one.login): one for one in people if one.login}.values():
            self._logins.keep(user.id, user.login)
            if directory.taken(user.login, user.id):
                await self._took(user)
            elif directory.renamed(user.login, user.id):
                async with self._changing() as session:
                    if await accounts.renamed(session, user.id, user.login, self._clock()):
                        log.warning("account.renamed", id=user.id, login=user.login, next="correct the lists")

    async def _took(self, user: User) -> None:
        async with self._changing() as session:
            news = await accounts.seen(session, user.login, user.id, self._clock())
        if news:
            self._alarm()
            log.error("account.login-taken", login=user.login, id=user.id, next=f"{CONFIRM} {user.login} {user.id}")
