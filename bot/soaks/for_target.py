"""The soaks of a snapshot: on a tracking issue read live from Forgejo and git, on a pull request from the database.

A pull request needs no calls for soaks: it uses the data stored by the last run on the tracking issue. If there is no
data for the soak as the policy defines it now, the issue is read immediately, and queued for a full run.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakValueDictionary

from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI
from bot.forgejo.errors import ForgejoError
from bot.forgejo.types import PullRequest
from bot.git import GitError
from bot.history import Moved
from bot.model import Identity, Inputs, Judgment, Kind, Location, SoakSeen, Target
from bot.policy import Policy, SoakPolicy
from bot.scan import Scanner, read_texts
from bot.soaks.collector import Beside, SoakReader, Tracking, completed, tracked_here
from bot.store import Store, phrases_on, soak_observations, targets
from bot.store.decisions import recall
from bot.store.soak_observations import Reading, basis
from bot.thread import Accounts, Thread, WrongKind, comment_texts, read_thread

AGAIN = 60.0
"""Seconds after which a tracking issue that could not be read is read again."""
REMEMBERED = 500


@dataclass(frozen=True)
class Scene:
    """The target with its thread, the default branch's tip, the policy in force, and the bot's identity.

    `patient`: errors that a retry may fix are raised instead of being treated as unknown.
    """

    target: Target
    thread: Thread
    tip: str
    policy: Policy
    identity: Identity
    patient: bool = True


class Soaks:
    """Reads soaks for snapshots."""

    def __init__(  # noqa: PLR0913, PLR0917 - where soaks are read, where they are kept, and whose they are
        self,
        client: ForgejoAPI,
        store: Store,
        reader: SoakReader,
        scanner: Scanner,
        accounts: Accounts,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._accounts = accounts
        self._store = store
        self._reader = reader
        self._scanner = scanner
        self._clock = clock
        self._failed: FactCache[tuple[int, str, str], str] = FactCache(REMEMBERED)
        self._locks: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    def forget(self, target: Target) -> None:
        """Forget the state of a pull request that another process saw change."""
        self._reader.pulls.forget(target.repo, target.number)

    async def read(self, scene: Scene, inputs: Inputs, judgments: tuple[Judgment, ...]) -> tuple[SoakSeen, ...]:
        """Return the soaks that a target tracks or, for a pull request, all soaks of the policy.

        Raises ForgejoError and GitError if a tracking issue cannot be read now.
        """
        head, policy, target = scene.thread.head, scene.policy, scene.target
        if not policy.soaks:
            return ()
        if isinstance(head, PullRequest):
            self._reader.pulls.note(target.repo, head)
            return await self._of_pull(scene)
        rights = scene.thread.repository.permissions
        tracking = Tracking(
            repo=target.repo,
            issue=target.number,
            branch=scene.thread.repository.default_branch,
            tip=scene.tip,
            comments=inputs.comments,
            decisions=inputs.decisions,
            judgments=judgments,
            asks=bool(rights and rights.admin),
            patient=scene.patient,
        )
        return tuple(seen for _, seen in await self._tracked(tracking, policy))

    async def _tracked(self, tracking: Tracking, policy: Policy) -> list[tuple[SoakPolicy, SoakSeen]]:
        here = tracked_here(policy, tracking.issue)
        if not here:
            return []
        async with self._store.read() as session:
            beside = Beside(
                await soak_observations.readings(session, tracking.repo.id),
                await phrases_on(session, tracking.repo.id, [number for soak in here for number in soak.gate_on]),
            )
        return [(soak, await self._reader.read(tracking, policy, soak, beside)) for soak in here]

    async def _of_pull(self, scene: Scene) -> tuple[SoakSeen, ...]:
        async with self._store.read() as session:
            known = await soak_observations.readings(session, scene.target.repository_id)
        return tuple([await self._kept(scene, soak, known.get(soak.name)) for soak in scene.policy.soaks])

    async def _kept(self, scene: Scene, soak: SoakPolicy, known: Reading | None) -> SoakSeen:
        if known is not None and _fits(known, scene.policy, soak):
            return known.seen
        key = (scene.target.repository_id, soak.name, basis(scene.policy, soak))
        failed = self._failed.get(key)
        if failed is not None:
            return SoakSeen(name=soak.name, unseen=failed)
        try:
            return await self._live(scene, soak)
        except (ForgejoError, GitError, Moved, WrongKind) as fault:
            why = self._scanner.mask(f"its tracking issue #{soak.issue} could not be read: {fault}")
            return SoakSeen(name=soak.name, unseen=self._failed.keep(key, why, AGAIN))

    async def _live(self, scene: Scene, soak: SoakPolicy) -> SoakSeen:
        """Read a tracking issue immediately, once for all waiting callers, and queue it for a full run."""
        repository, issue = scene.target.repository_id, scene.target.beside(soak.issue, Kind.ISSUE)
        lock = self._locks.setdefault((repository, soak.issue), asyncio.Lock())
        async with lock:
            async with self._store.read() as session:
                known = (await soak_observations.readings(session, repository, [soak.name])).get(soak.name)
            if known is not None and _fits(known, scene.policy, soak):
                return known.seen
            tracking = await self._thread(scene, issue)
            shown = replace(tracking, branch=self._scanner.mask(tracking.branch))
            found = [
                completed(seen, shown, scene.policy, one) for one, seen in await self._tracked(tracking, scene.policy)
            ]
            async with self._store.session() as session:
                await soak_observations.keep(session, repository, found, self._clock())
                await targets.add_targets(session, [issue], quiet=False, priority=3)
        return next(one.seen for one in found if one.name == soak.name)

    async def _thread(self, scene: Scene, issue: Target) -> Tracking:
        thread = await self._accounts.named(await read_thread(self._client, issue))
        others = [one for one in thread.comments if one.user.id != scene.identity.account_id]
        places = [Location(where="comment", comment_id=one.id) for one in others]
        read = await asyncio.to_thread(read_texts, self._scanner, places, [one.body for one in others])
        pairs = zip(others, read.masked, strict=True)
        recalled = await recall(self._store, issue, self._client.server_time() or self._clock())
        rights = thread.repository.permissions
        return Tracking(
            repo=issue.repo,
            issue=issue.number,
            branch=thread.repository.default_branch,
            tip=scene.tip,
            comments=await comment_texts(self._store, scene.identity, issue.repository_id, pairs, self._clock()),
            decisions=recalled.decisions,
            judgments=recalled.judgments,
            asks=bool(rights and rights.admin),
            patient=True,
        )


def _fits(reading: Reading, policy: Policy, soak: SoakPolicy) -> bool:
    """Return whether a reading is of the soak as the policy defines it now."""
    return reading.issue == soak.issue and reading.basis == basis(policy, soak)
