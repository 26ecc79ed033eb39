"""Which policy is in force in a repository: from the default branch, trusted by an operator, the last good one kept."""

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.engine import Engine
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.policy import PATH, Policy, PolicyError, effective, load
from bot.store import Store, upsert
from bot.store import targets as records
from bot.store.ledger import Entry, append
from bot.store.tables import TrustedPolicy
from bot.text import MAX_BYTES

REMEMBERED = 256


@dataclass(frozen=True)
class InForce:
    """The policy that decides, what is wrong with the file (fails closed), and what waits for an operator."""

    policy: Policy
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Merge:
    """A merged pull request: the commits before, of its head, and after; who merged it, and when."""

    base: str
    head: str
    commit: str
    by: str
    at: datetime


class Policies:
    """Reads policies by commit, so that each is fetched once."""

    def __init__(  # noqa: PLR0913, PLR0917 - where texts come from, where they are kept, and who is told
        self,
        client: ForgejoAPI,
        store: Store,
        engine: Engine,
        operators: tuple[str, ...],
        mask: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._operators = operators
        self._mask = mask
        self._clock = clock
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def text(self, repository: str, commit: str) -> str:
        """Gives the policy file at a commit, masked; empty when there is none."""
        key = (repository, commit)
        if key not in self._texts:
            try:
                raw = await endpoints.FILE.raw(self._client, repository, PATH, params={"ref": commit})
            except NotFound:
                raw = b""
            self._texts[key] = self._mask(raw[: MAX_BYTES + 1].decode("utf-8", "replace"))
            while len(self._texts) > REMEMBERED:
                self._texts.popitem(last=False)
        return self._texts[key]

    async def in_force(self, repository: str, commit: str) -> InForce:
        """Gives the policy in force while the default branch is at a commit."""
        text = await self.text(repository, commit) if commit else ""
        async with self._store.read() as session:
            row = await session.get(TrustedPolicy, repository)
        trusted = _loaded(row.trusted_text) if row and row.trusted_at else None
        try:
            current, problems = load(text), tuple[str, ...]()
        except PolicyError as fault:
            current, problems = _loaded(row.good_text if row else "") or Policy(), fault.problems
        else:
            await self._keep_good(repository, text, row)
        policy, notes = effective(current, trusted)
        return InForce(policy.narrowed(self._operators), problems, notes)

    async def trust_merge(self, repository: str, merge: "Merge") -> None:
        """Trusts the policy that an operator's merge brought, and nothing that slipped in beside it.

        The pull request has to show exactly the step from what is trusted to what stands after the merge; anything else
        waits for `assay policy trust`.
        """
        before, shown, after = [await self.text(repository, sha) for sha in (merge.base, merge.head, merge.commit)]
        async with self._store.read() as session:
            row = await session.get(TrustedPolicy, repository)
        trusted = row.trusted_text if row and row.trusted_at else ""
        if before == trusted and shown == after:
            with suppress(PolicyError):  # told as a problem of the default branch
                await self.trust(repository, merge.commit, merge.by, at=merge.at)

    async def trust(self, repository: str, commit: str, by: str, at: datetime | None = None) -> Policy:
        """Trusts the policy as it stands at a commit, for the operator `by`; open targets are judged anew.

        A decision of an earlier moment `at` than the last one changes nothing.

        Raises PolicyError when it doesn't parse.
        """
        text = await self.text(repository, commit)
        policy = load(text)
        async with self._store.session() as session:
            row = await session.get(TrustedPolicy, repository)
            now = self._clock()
            decided = at or now
            if row is not None and row.trusted_at and (row.trusted_text == text or row.trusted_at > decided):
                return policy
            values = {
                "repository": repository,
                "trusted_text": text,
                "trusted_by": by,
                "trusted_at": decided,
                "good_text": text,
            }
            await upsert(session, TrustedPolicy, [values], ("repository",), [*values][1:])
            entry = Entry("trust", repository, 0, by, object="policy", detail={"commit": commit})
            await append(session, [entry], now)
            targets = await records.mark_open(session, repository=repository, priority=3)
        for target in targets:
            await self._engine.submit(target, priority=3)
        return policy

    async def _keep_good(self, repository: str, text: str, row: TrustedPolicy | None) -> None:
        if (row.good_text if row else "") == text:
            return
        async with self._store.session() as session:
            values = {"repository": repository, "good_text": text, "trusted_text": "", "trusted_by": ""}
            await upsert(session, TrustedPolicy, [values], ("repository",), ("good_text",))


def _loaded(text: str) -> Policy | None:
    """A text that loaded once may not load in a later version of the program."""
    try:
        return load(text)
    except PolicyError:
        return None
