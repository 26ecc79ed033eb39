"""Determines a repository's policy in force: the default branch's, as far as trusted, else the last valid one."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.engine import Engine
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import TreeEntry
from bot.model import Repo
from bot.policy import FOLDERS, PATH, Policy, PolicyError, effective, load, load_stored, misplaced
from bot.store import Store, upsert
from bot.store import targets as records
from bot.store.ledger import Entry, append
from bot.store.tables import TrustedPolicy
from bot.text import MAX_BYTES
from bot.thread import Accounts

REMEMBERED = 256
MISPLACED = f"{{}} is not read; if it is meant as the policy, rename it to {PATH}"


@dataclass(frozen=True)
class InForce:
    """The policy in force, the errors of the file (fails closed), and notes on changes that wait for an operator."""

    policy: Policy
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Merge:
    """A merged pull request: the commit before, its head, and the commit after; who merged it, and when."""

    base: str
    head: str
    commit: str
    by: str
    at: datetime


class Policies:
    """Reads and caches policies by commit."""

    def __init__(  # noqa: PLR0913, PLR0917 - where texts come from, where they are kept, and who is told
        self,
        client: ForgejoAPI,
        store: Store,
        engine: Engine,
        accounts: Accounts,
        mask: Callable[[str], str],
        clock: Callable[[], datetime],
        models: Collection[str] | None = None,
    ) -> None:
        self._client = client
        self._store = store
        self._engine = engine
        self._accounts = accounts
        self._models = models
        self._mask = mask
        self._clock = clock
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._misplaced: OrderedDict[tuple[str, str], tuple[str, ...]] = OrderedDict()

    async def text(self, repository: str, commit: str) -> str:
        """Return the masked policy file at a commit; empty if there is none."""
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

    async def in_force(self, repo: Repo, commit: str) -> InForce:
        """Return the policy in force for a commit of the default branch, with names of accounts for logins."""
        text = await self.text(repo.name, commit) if commit else ""
        async with self._store.read() as session:
            row = await session.get(TrustedPolicy, repo.id)
        trusted = _loaded(row.trusted_text) if row and row.trusted_at else None
        try:
            current, problems = load(text, models=self._models), tuple[str, ...]()
        except PolicyError as fault:
            current, problems = _loaded(row.good_text if row else "") or Policy(), fault.problems
        else:
            await self._keep_good(repo, text, row)
        policy, notes = effective(current, trusted)
        strays = await self.misplaced(repo.name, commit) if commit and not text else ()
        return InForce(await self._accounts.narrowed(policy), problems, (*notes, *map(MISPLACED.format, strays)))

    async def misplaced(self, repository: str, commit: str) -> tuple[str, ...]:
        """Return the files at a commit that look like a policy, but are in the wrong place or have the wrong name.

        Raises ForgejoError.
        """
        key = (repository, commit)
        if key not in self._misplaced:
            top = await self._tree(repository, commit)
            names = [entry.path for entry in top]
            for folder in top:
                if folder.type == "tree" and folder.path.casefold() in FOLDERS:
                    names += [f"{folder.path}/{one.path}" for one in await self._tree(repository, folder.sha)]
            self._misplaced[key] = tuple(sorted(filter(misplaced, names)))
            while len(self._misplaced) > REMEMBERED:
                self._misplaced.popitem(last=False)
        return self._misplaced[key]

    async def _tree(self, repository: str, sha: str) -> tuple[TreeEntry, ...]:
        """Return the entries of a commit's or a folder's tree, those of its first page."""
        try:
            return (await endpoints.TREE.get(self._client, repository, sha)).tree
        except NotFound:
            return ()

    async def trust_merge(self, repo: Repo, merge: "Merge") -> None:
        """Trust the policy change of an operator's merge, and no other change.

        The pull request must contain exactly the change from the trusted policy to the policy after the merge; any
        other change waits for `assay policy trust`.
        """
        before, shown, after = [await self.text(repo.name, sha) for sha in (merge.base, merge.head, merge.commit)]
        async with self._store.read() as session:
            row = await session.get(TrustedPolicy, repo.id)
        trusted = row.trusted_text if row and row.trusted_at else ""
        if before == trusted and shown == after:
            with suppress(PolicyError):  # reported as a problem of the default branch
                await self.trust(repo, merge.commit, merge.by, at=merge.at)

    async def trust(self, repo: Repo, commit: str, by: str, at: datetime | None = None) -> Policy:
        """Trust the policy at a commit, for the operator `by`, and mark open targets dirty.

        Has no effect if `at` is earlier than the last decision.

        Raises PolicyError if the policy is invalid.
        """
        text = await self.text(repo.name, commit)
        policy = load(text, models=self._models)
        await self._accounts.narrowed(policy)  # its logins mean the accounts that have them at this moment
        async with self._store.session() as session:
            row = await session.get(TrustedPolicy, repo.id)
            now = self._clock()
            decided = at or now
            if row is not None and row.trusted_at and (row.trusted_text == text or row.trusted_at > decided):
                return policy
            values = {
                "repository_id": repo.id,
                "trusted_text": text,
                "trusted_by": by,
                "trusted_at": decided,
                "good_text": text,
            }
            await upsert(session, TrustedPolicy, [values], ("repository_id",), [*values][1:])
            entry = Entry("trust", repo.name, 0, by, object="policy", detail={"commit": commit}, repository_id=repo.id)
            await append(session, [entry], now)
            targets = await records.mark_open(session, repository_id=repo.id, priority=3)
        for target in targets:
            await self._engine.submit(target, priority=3)
        return policy

    async def _keep_good(self, repo: Repo, text: str, row: TrustedPolicy | None) -> None:
        if (row.good_text if row else "") == text:
            return
        async with self._store.session() as session:
            values = {"repository_id": repo.id, "good_text": text, "trusted_text": "", "trusted_by": ""}
            await upsert(session, TrustedPolicy, [values], ("repository_id",), ("good_text",))


def _loaded(text: str) -> Policy | None:
    """Return the stored policy, None if this version of the program cannot load it."""
    try:
        return load_stored(text)
    except PolicyError:
        return None
