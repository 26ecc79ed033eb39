"""Builds the machine from the settings: the parts that the commands and the server share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.config import Settings
from bot.engine import Engine
from bot.engine.local import LocalEngine
from bot.forgejo import Limits, Options, ServerReader, endpoints
from bot.forgejo.httpx import HttpxForgejo
from bot.git import GitLimits, Mirrors
from bot.history import Histories, HistoryLimits
from bot.intake import HookSecrets, Resync, derived
from bot.labels import LabelSet
from bot.llm import Models
from bot.memory import MemoryBudget
from bot.model import Identity
from bot.network import Network
from bot.observe import Contexts, GateInputs, Observer, Policies, Sources
from bot.preview import Previews
from bot.reconcile import Applier, LabelWriter, Parts, Reconciler
from bot.scan import Scanner
from bot.soaks import SoakReader, Soaks
from bot.store import Store, open_store
from bot.telemetry import Metrics
from bot.thread import Accounts, Names, PermissionReader
from handlers import CHECKS

log = structlog.get_logger(__name__)


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Machine:
    """The parts that the commands and the server share."""

    settings: Settings
    store: Store
    client: HttpxForgejo
    server: ServerReader
    mirrors: Mirrors
    scanner: Scanner
    policies: Policies
    labels: LabelSet
    metrics: Metrics
    engine: Engine
    reconciler: Reconciler
    resync: Resync
    account: "Account"
    accounts: Accounts
    names: Names
    hook_secrets: HookSecrets


class Account:
    """The bot's account, requested from Forgejo once. The id stays; the login is what it is called now."""

    def __init__(self, client: HttpxForgejo, operators: tuple[str, ...], key: bytes) -> None:
        self._client = client
        self._operators = operators
        self._key = key
        self._login = ""
        self._id = 0
        self.known = asyncio.Event()

    @property
    def login(self) -> str:
        """The login; empty until Forgejo has answered."""
        return self._login

    @property
    def id(self) -> int:
        """The account's id, 0 until Forgejo has told it."""
        return self._id

    def identity(self) -> Identity:
        """Return the bot's identity for the observer."""
        return Identity(self._login, self._id, self._operators, self._key)

    def renamed(self, login: str) -> None:
        """Take note of the login under which Forgejo shows the bot's account now."""
        if self._id and login and login != self._login:
            log.warning("account.renamed", before=self._login, account=login)
            self._login = login

    async def ask(self) -> str:
        """Return the login. Raises ForgejoError if the server or the token does not allow it."""
        if not self._login:
            user = await endpoints.USER.get(self._client)
            self._login, self._id = user.login, user.id
            self.known.set()
        return self._login


@asynccontextmanager
async def assemble(settings: Settings, clock: Callable[[], datetime] = now) -> AsyncIterator[Machine]:
    """Open the store, the client and the scanner, and yield the machine; close all of it at the end."""
    token = settings.read_token()
    key = settings.installation_key()
    metrics = Metrics()
    async with AsyncExitStack() as closing:
        store = await open_store(settings.store_url(), users=settings.workers)
        closing.push_async_callback(store.close)
        network = settings.network()
        limits = Limits(settings.forgejo_concurrency, settings.forgejo_rate, settings.forgejo_background_rate)
        options = Options(limits=limits, network=network)

        def saw(method: str, status: int, seconds: float) -> None:
            metrics.saw_call(method, status, seconds)
            server.saw(status)

        client = HttpxForgejo(settings.forgejo_url, token, options, observer=saw)
        closing.push_async_callback(client.aclose)
        metrics.forgejo_pause.set_function(client.politeness.pause)
        # The version is read on a connection of its own: who waits for it holds none of the slots of evaluations.
        watch = HttpxForgejo(
            settings.forgejo_url, token, Options(limits=Limits(concurrency=1), network=network), observer=saw
        )
        closing.push_async_callback(watch.aclose)
        server = ServerReader(watch)
        models = Models(
            settings.models, clock=clock, metrics=metrics, concurrency=settings.model_concurrency, network=network
        )
        closing.push_async_callback(models.close)
        secrets = HookSecrets(key, settings.webhook_secrets(), always=settings.share_webhook_secret)
        hooks = [secret.decode() for secret in (*secrets.shared, *(await derived(store, secrets)))]
        own = (token, *hooks, *settings.model_keys(), *network.secrets())
        scanner = await asyncio.to_thread(_scanner, settings, key, own)
        mirrors = _mirrors(settings, token, network, metrics)
        closing.push_async_callback(mirrors.close)
        # Who waits for memory holds a worker: at most half of them wait.
        memory = MemoryBudget(settings.max_evaluation_bytes, max(1, settings.workers // 2))
        histories = Histories(mirrors, scanner, HistoryLimits(settings.max_commits, settings.max_files), memory=memory)
        engine = await _engine(settings, store)
        closing.push_async_callback(engine.stop)
        account = Account(client, settings.operators, key)
        taken = metrics.alarms.labels(kind="account")
        accounts = Accounts(client, store, settings.operators, lambda: (account.id, account.login), clock, taken.inc)
        policies = Policies(client, store, engine, accounts, scanner.mask, clock, settings.models)
        labels = LabelSet.load()
        previews = Previews(store, policies.text, CHECKS, labels, accounts.tried, clock, settings.models)
        permissions = PermissionReader(client, clock, accounts.login)
        soaks = Soaks(client, store, SoakReader(client, mirrors, scanner, permissions), scanner, accounts, clock)
        gate_inputs = GateInputs(store, soaks, mirrors, scanner)
        contexts = Contexts(client, mirrors, scanner, accounts)
        engine.on_change(contexts.forget, soaks.forget)
        sources = Sources(
            client, store, histories, policies, contexts, gate_inputs, permissions, accounts, scanner, mirrors
        )
        observer = Observer(sources, clock)
        names = Names(client, store, clock)
        applier = Applier(client, store, LabelWriter(client, labels, server, store.alone), clock)
        parts = Parts(store, observer, names, previews, applier, CHECKS, scanner, labels, metrics, clock, models.ask)
        reconciler = Reconciler(parts, engine, account, client.politeness.pause)
        resync = Resync(client, store, engine, names, clock)
        yield Machine(
            settings,
            store,
            client,
            server,
            mirrors,
            scanner,
            policies,
            labels,
            metrics,
            engine,
            reconciler,
            resync,
            account,
            accounts,
            names,
            secrets,
        )


def _mirrors(settings: Settings, token: str, network: Network, metrics: Metrics) -> Mirrors:
    limits = GitLimits(
        settings.git_seconds,
        settings.max_file_bytes,
        settings.max_diff_bytes,
        settings.max_fetch_bytes,
        settings.max_mirror_bytes,
        settings.max_mirrors_bytes,
    )
    mirrors = Mirrors(settings.data_dir / "mirrors", settings.forgejo_url, lambda: token, limits, network)
    mirrors.soundness.on_remade = metrics.mirrors_remade.inc
    return mirrors


async def _engine(settings: Settings, store: Store) -> Engine:
    """Return the engine that the database is for: SQLite has one process, and PostgreSQL any number of them."""
    if store.dialect == "sqlite":
        return LocalEngine(settings.workers, settings.stop_seconds)
    from bot.engine.procrastinate import ProcrastinateEngine  # noqa: PLC0415 - what a bot with SQLite doesn't need

    url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return ProcrastinateEngine(url, settings.workers, settings.stop_seconds, settings.data_dir / "worker.lock")


def _scanner(settings: Settings, key: bytes, own: Sequence[str]) -> Scanner:
    cache = settings.rules_cache_dir or settings.data_dir / "rules"
    return Scanner(key=key, own=[secret for secret in own if secret], cache_dir=cache)
