"""Runs git with a folder apart for what it receives, and takes that into the mirror when all of it is there."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bot import subprocesses
from bot.git.fetching import record
from bot.git.fetching.disk import Disk, GitOverBound
from bot.git.fetching.incoming import Incoming, incoming
from bot.git.fetching.leftovers import delete_locks, delete_unfinished, packs
from bot.git.process import GitError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.1
MANY_PACKS = 50
SEEN = "refs/assay/seen/"
FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
REPACK = ("repack", "-a", "-d", "--quiet", "--no-write-bitmap-index")

Result = TypeVar("Result")


Run = Callable[..., Coroutine[Any, Any, bytes]]
"""Runs git on a folder; see `Mirrors.run`."""


class Receiver:
    """Receives objects within the bounds of the disk."""

    def __init__(self, run: Run, disk: Disk) -> None:
        self._run = run
        self._disk = disk
        self._tasks: set[asyncio.Future[Any]] = set()

    async def alone(self, lock: asyncio.Lock, work: Callable[[], Awaitable[Result]]) -> Result:
        """Return the result of work that holds a mirror's lock.

        Work that has begun goes on when its caller is cancelled: the next look needs what it fetches, and would begin
        from nothing otherwise. Who only waits for the lock gives up.
        """
        await lock.acquire()
        task = asyncio.ensure_future(work())
        self._tasks.add(task)

        def ended(done: "asyncio.Future[Result]") -> None:
            self._tasks.discard(done)
            lock.release()
            if not done.cancelled():
                done.exception()  # read, since the caller may be gone

        task.add_done_callback(ended)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the work that still goes on."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await subprocesses.all_ended()

    async def fetch(self, mirror: Path, specs: Sequence[str], options: Sequence[str], remote: str) -> None:
        """Fetch by refspecs whose destinations are below `refs/assay/seen/`; needs the mirror's lock.

        Raises GitError, GitOverBound if a bound is exceeded; nothing of it is kept then.
        """
        disk = self._disk
        disk.refuse_again(mirror, specs)
        try:
            with incoming(disk.root, mirror) as arriving:
                disk.admit(mirror)
                arriving.borrow()
                await self._watched(arriving, self._run(arriving.path, *options, remote, *specs))
                disk.check(arriving)
                refs = await self._run(arriving.path, "for-each-ref", "--format=update %(refname) %(objectname)", SEEN)
                arriving.move()
        except GitOverBound as fault:
            if fault.lasting:
                disk.remember(mirror, specs, fault)
            log.warning("git.over-bound", mirror=mirror.name, why=str(fault))
            raise
        await self._update(mirror, refs)
        await self._consolidate(mirror)
        record.record(mirror)
        disk.measure(mirror)

    async def read(self, mirror: Path, *arguments: str, **how: Any) -> bytes:
        """Return the output of a command that may have to fetch file versions, such as old ones of a patch."""
        with incoming(self._disk.root, mirror) as arriving:
            output = await self._watched(arriving, self._run(mirror, *arguments, more=arriving.environment(), **how))
            if arriving.size():
                self._disk.check(arriving)
                record.add(mirror, arriving.move())
                self._disk.measure(mirror)
            return output

    async def _watched(self, arriving: Incoming, work: Coroutine[Any, Any, bytes]) -> bytes:
        """Return the output of git; end it as soon as what it receives exceeds a bound."""
        task = asyncio.ensure_future(work)
        self._disk.begin(arriving)
        try:
            while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
                self._disk.check(arriving)
            return task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._disk.end(arriving)

    async def _update(self, mirror: Path, refs: bytes) -> None:
        try:
            await self._run(mirror, "update-ref", "--stdin", stdin=refs)
        except GitError:
            delete_locks(mirror)  # a killed git leaves them, and the next git would fail
            raise

    async def _consolidate(self, mirror: Path) -> None:
        """Make one pack of many. Without it, each fetch would add a pack, and each command would read all of them."""
        if packs(mirror) < MANY_PACKS:
            return
        try:
            await self._run(mirror, *REPACK, offline=True)
        except GitError as fault:
            log.warning("mirror.not-consolidated", mirror=mirror.name, error=str(fault))
        finally:
            delete_unfinished(mirror, older=0.0)
