"""Sets up a repository for the bot: webhook, labels, trust in its current policy, and its open targets.

`assay setup` may run it any number of times. It writes no comment and no status: targets that were open before the bot
came get no reports until their next event, unless a backfill is requested.
"""

from collections.abc import Callable
from datetime import datetime

from bot.app import Machine, now, operator_problems
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.capabilities import Server
from bot.forgejo.errors import Forbidden, Locked, NotFound
from bot.forgejo.types import Repository
from bot.labels import LabelSet
from bot.labels.sync_client import DEFINITIONS, carry_out, changes_for
from bot.model import Repo
from bot.observe import MISPLACED
from bot.policy import PATH, PolicyError, load, named, text_digest
from bot.setup.protection import protection_lines
from bot.setup.targets import remember
from bot.setup.webhook import known_webhooks, put_webhook
from bot.store import repositories
from bot.store.ledger import Entry, append
from bot.store.tables import TrustedPolicy

SHOWN = 5
SHARED_BY_ALL = (
    "webhook secrets: one for all, as ASSAY_SHARE_WEBHOOK_SECRET says; each administrator of one repository can forge "
    "deliveries of all others"
)
Say = Callable[[str], None]
OURS = "<!-- assay:"


async def setup(
    machine: Machine, repository: str, *, say: Say, backfill: bool = False, clock: Callable[[], datetime] = now
) -> bool:
    """Set up a repository; return whether no manual step is left. Each step is reported with ✓ or !.

    Raises ForgejoError if the server, the account or the repository is not accessible.
    """
    steps = _Setup(machine, say, clock)
    return await steps.run(repository, backfill=backfill)


async def repository_of(client: ForgejoAPI, name: str) -> Repository:
    """Return a repository by its full name. Raises ForgejoError."""
    return await endpoints.REPOSITORY.get(client, name)


async def head_of(client: ForgejoAPI, repository: Repository) -> str:
    """Return the newest commit of the default branch; empty if there is none. Raises ForgejoError."""
    if repository.empty or not repository.default_branch:
        return ""
    try:
        return (await endpoints.BRANCH.get(client, repository.full_name, repository.default_branch)).commit.id
    except NotFound:
        return ""


class _Setup:
    """One run of the setup, and whether it is complete so far."""

    def __init__(self, machine: Machine, say: Say, clock: Callable[[], datetime]) -> None:
        self._machine = machine
        self._client = machine.client
        self._say = say
        self._clock = clock
        self._complete = True

    async def run(self, name: str, *, backfill: bool) -> bool:
        login = await self._machine.account.ask()
        self._done(f"the bot is {login} on {self._machine.settings.forgejo_url}")
        self._server(await self._machine.server.ask())
        repository = await repository_of(self._client, name)
        self._rights(repository, login)
        await self._operators(login)
        webhook = await put_webhook(self._machine, repository, login, await known_webhooks(self._machine, repository))
        for line in webhook.lines:
            self._report(line)
        for line in await protection_lines(self._machine, repository, login):
            self._report(line)
        await self._labels(repository)
        await self._policy(repository)
        self._done(await remember(self._machine, repository, started=self._clock(), backfill=backfill))
        await self._strangers(repository, login)
        await self._secrets(repository, rotated=bool(webhook.hook))
        await self._record(repository, login, backfill=backfill, hook=webhook.hook)
        return self._complete

    def _done(self, text: str) -> None:
        self._say(f"✓ {text}")

    def _left(self, text: str) -> None:
        self._complete = False
        self._say(f"! {text}")

    def _report(self, outcome: tuple[bool, str]) -> None:
        complete, text = outcome
        (self._done if complete else self._left)(text)

    def _server(self, server: Server) -> None:
        if server.unsupported:
            self._left(f"server: {server.unsupported}")
            return
        without = f"; without {', '.join(map(str, server.missing))}" if server.missing else ""
        self._done(f"server: {server.untested or server}{without}")

    def _rights(self, repository: Repository, login: str) -> None:
        name = repository.full_name
        if repository.archived:
            self._left(f"{name} is archived: the bot cannot write to it")
        elif not repository.permissions.push:
            self._left(
                f"{login} has no write access to {name}; make it a collaborator with write access, and give its "
                "token the scopes"
            )
        else:
            self._done(f"{login} has write access to {name}")

    async def _operators(self, login: str) -> None:
        operators = self._machine.settings.operators
        if not operators:
            self._left("no operators are configured; set ASSAY_OPERATORS")
        elif named(login, operators):
            self._left(f"the bot's account {login} must not be an operator; remove it from ASSAY_OPERATORS")
        problems = await operator_problems(self._machine.accounts, operators)
        for problem in problems:
            self._left(problem)
        if operators and not problems:
            self._done(f"operators: {', '.join(operators)}")
        for problem in await self._machine.accounts.problems(without=operators):
            self._left(problem)

    async def _labels(self, repository: Repository) -> None:
        labels = self._machine.labels
        try:
            async with self._machine.store.alone(DEFINITIONS, repository.id):
                made = await self._define(repository, labels)
        except (Forbidden, Locked) as fault:
            self._left(f"labels: {fault}; then run: assay labels sync {repository.full_name}")
        else:
            self._done(f"labels: {made} created or updated, {len(labels.labels)} declared")

    async def _define(self, repository: Repository, labels: LabelSet) -> int:
        made = 0
        for change in await changes_for(self._client, repository.full_name, labels, prune=False):
            wrong = await carry_out(self._client, repository.full_name, change)
            if wrong or change.kind == "conflict":
                self._left(f"labels: {change.text}{f': {wrong}' if wrong else ''}")
            else:
                made += 1
        return made

    async def _policy(self, repository: Repository) -> None:
        """Trust that there is no policy file yet; who sets up has read none. A file waits for an operator's word."""
        commit = await head_of(self._client, repository)
        if not commit:
            self._left("policy: the repository has no commits; run the setup again after the first push")
            return
        policies, name = self._machine.policies, repository.full_name
        text = await policies.text(name, commit)
        async with self._machine.store.read() as session:
            row = await session.get(TrustedPolicy, repository.id)
        trusted = row.trusted_text if row is not None and row.trusted_at else None
        try:
            load(text, models=self._machine.settings.models)
        except PolicyError as fault:
            for problem in fault.problems:
                self._left(f"policy: {problem}")
            return
        if trusted != text and (text or trusted is not None):
            what = "not trusted yet" if trusted is None else "changed since it was trusted"
            self._left(f"policy: {what}; read it, then run: assay policy trust {name} {text_digest(text)}")
            return
        if trusted is None:
            await policies.trust(Repo(id=repository.id, name=name), commit, "setup")
        self._done(f"policy: trusted at commit {commit[:10]}" if text else f"policy: no {PATH}; defaults apply")
        for stray in () if text else await policies.misplaced(name, commit):
            self._left(f"policy: {MISPLACED.format(stray)}")

    async def _strangers(self, repository: Repository, login: str) -> None:
        """Warn if the account has written comments without the bot's marker: somebody else uses it."""
        newest = {"page": 1, "limit": 50}
        found = await endpoints.COMMENTS.whole(self._client, repository.full_name, params=newest)
        foreign = [one for one in found if one.user.id == self._machine.account.id and not one.body.startswith(OURS)]
        if foreign:
            self._left(f"{login} has written {len(foreign)} comments that are not the bot's; use a separate account")

    async def _secrets(self, repository: Repository, *, rotated: bool) -> None:
        """Record that the webhook has its own secret, and tell which repositories still use the shared one."""
        settings, now = self._machine.settings, self._clock()
        async with self._machine.store.session() as session:
            if settings.share_webhook_secret:
                await repositories.shares_secret(session, repository.id)
            elif rotated:
                await repositories.has_own_secret(session, [repository.id], now)
            known = await repositories.known(session)
        left = [row.full_name or f"id {row.id}" for row in known if not row.own_secret_since]
        if settings.share_webhook_secret:
            self._left(SHARED_BY_ALL)
            return
        if not self._machine.hook_secrets.shared:
            return
        place = settings.shared_secret_place()
        if left:
            shown = ", ".join(left[:SHOWN]) + (f" and {len(left) - SHOWN} more" if len(left) > SHOWN else "")
            self._left(f"webhook secrets: still shared by {shown}; run assay setup for each of them")
        else:
            self._left(f"webhook secrets: each repository has its own; remove {place} and restart assay serve")

    async def _record(self, repository: Repository, login: str, *, backfill: bool, hook: int) -> None:
        detail = {"complete": self._complete, "backfill": backfill, "webhook": hook}
        entry = Entry("setup", repository.full_name, 0, login, detail=detail, repository_id=repository.id)
        async with self._machine.store.session() as session:
            await append(session, [entry], self._clock())
