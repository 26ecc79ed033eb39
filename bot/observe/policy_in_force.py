"""Determines a repository's policy in force: the default branch's, as far as trusted, else the last valid one."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.engine import Engine
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import TreeEntry
from bot.model import Repo
from bot.policy import FOLDERS, PATH, Policy, PolicyError, effective, load, load_stored, misplaced, named, text_digest
from bot.store import Store, upsert
from bot.store import targets as records
from bot.store.decisions import Consent, consents_to
from bot.store.ledger import Entry, append, lock
from bot.store.tables import TrustedPolicy
from bot.text import MAX_BYTES
from bot.thread import Accounts

REMEMBERED = 256
SECOND = timedelta(seconds=1)
MISPLACED = f"{{}} is not read; if it is meant as the policy, rename it to {PATH}"


@dataclass(frozen=True)
class InForce:
    """The policy in force, the errors of the file (fails closed), and notes on changes that wait for an operator.

    `waiting` is the digest of the default branch's file, if settings of it wait for an operator; else it is empty.
    """

    policy: Policy
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waiting: str = ""


@dataclass(frozen=True)
class Approved:
    """A merged pull request that an operator approved: merge base, head, the default branch's newest commit; who, when.

    Who merged it says nothing: Forgejo names the one who scheduled a merge before the last push, and guesses by an
    e-mail address, which anybody can write, where it only finds the commits on the branch.
    """

    base: str
    head: str
    tip: str
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
        """Return the policy in force for a commit of the default branch, with names of accounts for logins; trust it
        first if an operator's `/trust` names its text.
        """
        text = await self.text(repo.name, commit) if commit else ""
        row = await self._row(repo)
        if commit and await self._trust_by_word(repo, commit, text, row):
            row = await self._row(repo)
        trusted = _loaded(row.trusted_text) if row and row.trusted_at else None
        try:
            current, problems = load(text, models=self._models), tuple[str, ...]()
        except PolicyError as fault:
            current, problems = _loaded(row.good_text if row else "") or Policy(), fault.problems
        else:
            await self._keep_good(repo, text, row)
        policy, untrusted = effective(current, trusted)
        digest = text_digest(text)
        waits = (_waits(untrusted, repo, digest),) if untrusted else ()
        strays = await self.misplaced(repo.name, commit) if commit and not text else ()
        notes = (*waits, *map(MISPLACED.format, strays))
        waiting = digest if untrusted and not problems else ""
        return InForce(await self._accounts.narrowed(policy), problems, notes, waiting)

    async def _row(self, repo: Repo) -> TrustedPolicy | None:
        async with self._store.read() as session:
            return await session.get(TrustedPolicy, repo.id)

    async def _trust_by_word(self, repo: Repo, commit: str, text: str, row: TrustedPolicy | None) -> bool:
        """Trust the policy if an operator's `/trust` names its text; say whether one did.

        A word from before the last decision doesn't count: who trusted another policy since then has replaced it.
        """
        since = row.trusted_at if row else None
        if row is not None and since and row.trusted_text == text:
            return False
        async with self._store.read() as session:
            words = await consents_to(session, repo.id, text_digest(text), _second(since))
        word = await self._there(repo, words)
        if word is None:
            return False
        decider = await self._accounts.decider(word.by, word.by_id)
        if not named(decider, await self._accounts.operators()):
            return False
        with suppress(PolicyError):  # reported as a problem of the default branch
            await self.trust(repo, commit, word.by, at=word.at)
            return True
        return False

    async def _there(self, repo: Repo, words: Sequence[Consent]) -> Consent | None:
        """Return the newest word that can be read now: a comment that was deleted says nothing any more."""
        for word in words:
            with suppress(NotFound):
                await endpoints.COMMENT.get(self._client, repo.name, word.comment_id)
                return word
        return None

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

    async def trust_approved(self, repo: Repo, approved: Approved) -> bool:
        """Trust the policy change of a pull request whose head an operator approved; say whether it is trusted now.

        The default branch's file must be the head's, and the pull request must show exactly the change from the trusted
        policy to it: whatever the operator didn't see waits for his word.
        """
        commits = (approved.base, approved.head, approved.tip)
        before, shown, after = [await self.text(repo.name, sha) for sha in commits]
        row = await self._row(repo)
        trusted = row.trusted_text if row and row.trusted_at else ""
        if before != trusted or shown != after or (row and row.trusted_at and after == trusted):
            return False
        with suppress(PolicyError):  # reported as a problem of the default branch
            await self.trust(repo, approved.tip, approved.by, at=approved.at)
            return True
        return False

    async def trust(self, repo: Repo, commit: str, by: str, at: datetime | None = None) -> Policy:
        """Trust the policy at a commit, for the operator `by`, and mark open targets dirty.

        Has no effect if `at` is earlier than the last decision. Without `at` it is one of now, which ends every earlier
        word for another policy, also if it names the policy that is trusted already.

        Raises PolicyError if the policy is invalid.
        """
        text = await self.text(repo.name, commit)
        policy = load(text, models=self._models)
        await self._accounts.narrowed(policy)  # its logins mean the accounts that have them at this moment
        async with self._store.session() as session:
            await lock(session)  # another process may trust another text: the later decision stays
            row = await session.get(TrustedPolicy, repo.id)
            now = self._clock()
            last = _second(row.trusted_at) if row is not None else None
            # What the host's operator decides is compared with words on the server, and comes after what is there.
            there = self._client.server_time() or now
            decided = at or (max(there, last + SECOND) if last else there)
            if row is not None and last and ((row.trusted_text == text and at) or last > decided):
                return policy
            values = {
                "repository_id": repo.id,
                "trusted_text": text,
                "trusted_by": by,
                "trusted_at": decided,
                "good_text": text,
            }
            await upsert(session, TrustedPolicy, [values], ("repository_id",), [*values][1:])
            detail = {"commit": commit, "digest": text_digest(text)}
            entry = Entry("trust", repo.name, 0, by, object="policy", detail=detail, repository_id=repo.id)
            await append(session, [entry], now)
            targets = await records.mark_open(session, repo.id, priority=3)
        await self._engine.submit_all((target, 3) for target in targets)
        return policy

    async def _keep_good(self, repo: Repo, text: str, row: TrustedPolicy | None) -> None:
        if (row.good_text if row else "") == text:
            return
        async with self._store.session() as session:
            values = {"repository_id": repo.id, "good_text": text, "trusted_text": "", "trusted_by": ""}
            await upsert(session, TrustedPolicy, [values], ("repository_id",), ("good_text",))


def _waits(keys: Collection[str], repo: Repo, digest: str) -> str:
    return (
        f"{PATH} changed {', '.join(keys)} without an operator's consent; the previous values stay in force. To trust "
        f"the new file, an operator reads it and comments on a line of its own: /trust {digest} (or runs: assay policy "
        f"trust {repo.name} {digest})"
    )


def _second(at: datetime | None) -> datetime | None:
    """Return a time in whole seconds, as Forgejo gives those of comments and reviews."""
    return at.replace(microsecond=0) if at else None


def _loaded(text: str) -> Policy | None:
    """Return the stored policy, None if this version of the program cannot load it."""
    try:
        return load_stored(text)
    except PolicyError:
        return None
