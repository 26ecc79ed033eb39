"""Sets up a repository for the bot: webhook, labels, trust in its current policy, and its open targets.

`assay setup` may run it any number of times. It writes no comment and no status: targets that were open before the bot
came are silent until their next event, unless a backfill is requested.
"""

from collections.abc import Callable
from datetime import datetime

from bot.app import Machine, now
from bot.forgejo import ForgejoAPI, path
from bot.forgejo.errors import Forbidden, Locked, NotFound
from bot.forgejo.types import Branch, Comment, Repository
from bot.labels.sync_client import carry_out, changes_for
from bot.model import Repo
from bot.observe import MISPLACED
from bot.policy import PATH, PolicyError
from bot.setup.targets import remember
from bot.setup.webhook import put_webhook
from bot.store.ledger import Entry, append
from bot.store.tables import TrustedPolicy

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
    owner, _, short = name.partition("/")
    return Repository.of(await client.getitem(path("repos", owner, short)))


async def head_of(client: ForgejoAPI, repository: Repository) -> str:
    """Return the newest commit of the default branch; empty if there is none. Raises ForgejoError."""
    if repository.empty or not repository.default_branch:
        return ""
    owner, _, name = repository.full_name.partition("/")
    address = path("repos", owner, name, "branches", rest=repository.default_branch)
    try:
        return Branch.of(await client.getitem(address)).commit.id
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
        repository = await repository_of(self._client, name)
        self._rights(repository, login)
        self._report(await put_webhook(self._machine, repository, login))
        await self._labels(repository)
        await self._policy(repository)
        self._done(await remember(self._machine, repository, started=self._clock(), backfill=backfill))
        await self._strangers(repository, login)
        await self._record(repository, login, backfill=backfill)
        return self._complete

    def _done(self, text: str) -> None:
        self._say(f"✓ {text}")

    def _left(self, text: str) -> None:
        self._complete = False
        self._say(f"! {text}")

    def _report(self, outcome: tuple[bool, str]) -> None:
        complete, text = outcome
        (self._done if complete else self._left)(text)

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
        operators = self._machine.settings.operators
        if not operators:
            self._left("no operators are configured; set ASSAY_OPERATORS")
        elif login in operators:
            self._left(f"the bot's account {login} must not be an operator; remove it from ASSAY_OPERATORS")

    async def _labels(self, repository: Repository) -> None:
        labels, made = self._machine.labels, 0
        try:
            changes = await changes_for(self._client, repository.full_name, labels, prune=False)
            for change in changes:
                wrong = await carry_out(self._client, repository.full_name, change)
                if wrong or change.kind == "conflict":
                    self._left(f"labels: {change.text}{f': {wrong}' if wrong else ''}")
                else:
                    made += 1
        except (Forbidden, Locked) as fault:
            self._left(f"labels: {fault}; then run: assay labels sync {repository.full_name}")
        else:
            self._done(f"labels: {made} created or updated, {len(labels.labels)} declared")

    async def _policy(self, repository: Repository) -> None:
        """Trust the current policy at the first setup; later only an operator can change what is trusted."""
        commit = await head_of(self._client, repository)
        if not commit:
            self._left("policy: the repository has no commits; run the setup again after the first push")
            return
        policies, name = self._machine.policies, repository.full_name
        text = await policies.text(name, commit)
        async with self._machine.store.read() as session:
            row = await session.get(TrustedPolicy, repository.id)
        if row is not None and row.trusted_at and row.trusted_text != text:
            self._left(f"policy: changed since it was trusted; read it, then run: assay policy trust {name}")
            return
        try:
            await policies.trust(Repo(id=repository.id, name=name), commit, "setup")
        except PolicyError as fault:
            for problem in fault.problems:
                self._left(f"policy: {problem}")
        else:
            self._done(f"policy: trusted at commit {commit[:10]}" if text else f"policy: no {PATH}; defaults apply")
            for stray in () if text else await policies.misplaced(name, commit):
                self._left(f"policy: {MISPLACED.format(stray)}")

    async def _strangers(self, repository: Repository, login: str) -> None:
        """Warn if the account has written comments without the bot's marker: somebody else uses it."""
        owner, _, name = repository.full_name.partition("/")
        address = path("repos", owner, name, "issues", "comments")
        found = [Comment.of(raw) for raw in await self._client.getitem(address, {"page": 1, "limit": 50}) or []]
        foreign = [one for one in found if one.user.login == login and not one.body.startswith(OURS)]
        if foreign:
            self._left(f"{login} has written {len(foreign)} comments that are not the bot's; use a separate account")

    async def _record(self, repository: Repository, login: str, *, backfill: bool) -> None:
        detail = {"complete": self._complete, "backfill": backfill}
        entry = Entry("setup", repository.full_name, 0, login, detail=detail, repository_id=repository.id)
        async with self._machine.store.session() as session:
            await append(session, [entry], self._clock())
