"""What the server says of the repositories that deliveries name: their names, and who owns them.

A delivery's signature proves which repository it is about by id, and nothing else: a name in a body is only a hint that
it may have changed. The server is asked for the name of a repository that is new to the bot or seems renamed, and for
the owner of one whose delivery the owner's secret signed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

import structlog

from bot.fact_cache import FactCache
from bot.forgejo.errors import Forbidden, ForgejoError, NotFound
from bot.model import Envelope, Repo, SignerKind
from bot.store import Store, repositories
from bot.thread import Named

log = structlog.get_logger(__name__)

VALID_SECONDS = 300.0
"""How long the server's word on a repository is taken as current: an owner who gave it away keeps his secret."""
ASK_AGAIN_SECONDS = 60.0
"""How long a refusal stands before the server is asked about the same repository again."""
MOST_STRANGERS = 30
"""Repositories new to the bot that one pass asks about: an owner's secret signs deliveries about any number of them."""
REMEMBERED = 10_000


FOREIGN_NEXT = "the server does not confirm the repository or its owner; if nobody moved it, rotate the owner's secret"

_Key = tuple[int, str]


class Verdict(Enum):
    """What becomes of a delivery."""

    BELIEVED = "believed"
    REFUSED = "refused"
    LATER = "later"


class Directory(Protocol):
    """Whoever asks the server about repositories."""

    async def ask(self, repository_id: int) -> Named:
        """Return what a repository is called now, and its owner. Raises ForgejoError."""
        ...

    async def named(self, repo: Repo) -> bool:
        """Keep what a repository is called now."""
        ...

    async def expected(self, repository_id: int) -> None:
        """Keep that there is a repository whose name isn't known."""
        ...


@dataclass(frozen=True)
class Believed:
    """Deliveries sorted by what the server says of their repositories.

    `names` are the current names by id, of all that have one; deliveries in `later` stay unrouted.
    """

    envelopes: tuple[Envelope, ...]
    names: dict[int, str]
    refused: tuple[Envelope, ...] = ()
    later: tuple[Envelope, ...] = ()

    def named(self) -> list[Envelope]:
        """Return the believed deliveries, each with the name that its repository has, where it is known."""
        return [
            one.model_copy(update={"repository": self.names.get(one.repository_id, one.repository)})
            for one in self.envelopes
        ]


class Origins:
    """Asks the server, seldom, and remembers for some minutes what it said."""

    def __init__(self, directory: Directory, store: Store, clock: Callable[[], datetime]) -> None:
        self._directory = directory
        self._store = store
        self._told: FactCache[int, Named | Verdict] = FactCache(REMEMBERED, lambda: clock().timestamp())

    async def sort(self, batch: Sequence[Envelope]) -> Believed:
        """Return the deliveries that are believed, with the names of their repositories."""
        async with self._store.read() as session:
            known = await repositories.names(session, {one.repository_id for one in batch})
            old = await repositories.unnumbered(session)
        strangers, verdicts = 0, dict[_Key, Verdict]()
        for one in batch:
            if not one.repository_id or _key(one) in verdicts:
                continue
            stranger = one.repository_id not in known and one.signer != SignerKind.REPOSITORY
            strangers += stranger
            too_many = stranger and strangers > MOST_STRANGERS
            verdicts[_key(one)] = Verdict.REFUSED if too_many else await self._verdict(one, known, old)
        return _sorted(batch, verdicts, known)

    async def _verdict(self, one: Envelope, known: dict[int, str], old: set[str]) -> Verdict:
        """Say what becomes of deliveries of a signer about a repository. Adds a name that was learned to `known`."""
        number, name = one.repository_id, known.get(one.repository_id, "")
        if not one.owner_id and name and name == one.repository:
            return Verdict.BELIEVED
        told = await self._ask(number, name)
        if isinstance(told, Named):
            if one.owner_id and told.owner_id != one.owner_id:
                return Verdict.REFUSED
            if told.repo.name != name:
                await self._directory.named(told.repo)
            known[number] = told.repo.name
            return Verdict.BELIEVED
        if one.owner_id or (number not in known and one.signer != SignerKind.REPOSITORY):
            return told
        if number not in known and one.repository in old:
            return Verdict.LATER
        if number not in known:
            # Its own secret proves that it is there, though it cannot be seen now: it is asked for by its id.
            await self._directory.expected(number)
            known[number] = ""
        return Verdict.BELIEVED

    async def _ask(self, number: int, name: str) -> Named | Verdict:
        """Return what the server says of a repository; else what becomes of a delivery that needs its word.

        An earlier answer does not count against a `name` that the bot has learned elsewhere since.
        """
        told = self._told.get(number)
        if told is not None and not (isinstance(told, Named) and name and told.repo.name != name):
            return told
        try:
            return self._told.keep(number, await self._directory.ask(number), VALID_SECONDS)
        except (NotFound, Forbidden):
            return self._told.keep(number, Verdict.REFUSED, ASK_AGAIN_SECONDS)
        except ForgejoError as fault:
            log.warning("repository.not-asked", id=number, error=str(fault))
            return Verdict.LATER


def _key(envelope: Envelope) -> _Key:
    return envelope.repository_id, envelope.signer


def _sorted(batch: Sequence[Envelope], verdicts: Mapping[_Key, Verdict], known: Mapping[int, str]) -> Believed:
    parts: dict[Verdict, list[Envelope]] = {verdict: [] for verdict in Verdict}
    for one in batch:
        parts[verdicts.get(_key(one), Verdict.BELIEVED)].append(one)
    for number, signer in sorted({_key(one) for one in parts[Verdict.REFUSED]}):
        log.warning("delivery.foreign", repository_id=number, signer=signer, next=FOREIGN_NEXT)
    return Believed(
        tuple(parts[Verdict.BELIEVED]),
        {number: name for number, name in known.items() if name},
        tuple(parts[Verdict.REFUSED]),
        tuple(parts[Verdict.LATER]),
    )
