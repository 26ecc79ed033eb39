"""Bare partial mirrors of the repositories, read with the `git` program.

Git gets the token only through its environment: it is in no argument list, no URL and no file. Hooks, prompts,
redirects, other protocols and the user's own configuration are disabled. Every command has a time and an output limit,
and blobs over the file limit are not fetched.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.git.diff import LOG, NET, PATCH, RAW
from bot.git.environment import mirror_environment
from bot.git.fetching.disk import Disk
from bot.git.fetching.in_use import Held
from bot.git.fetching.incoming import mirror_of
from bot.git.fetching.receive import FETCH, Receiver
from bot.git.keeping.making import COMPLETE, configuration, make
from bot.git.keeping.soundness import Soundness
from bot.git.names import SHA, check_ref, check_sha
from bot.git.object_format import object_format, stored_format
from bot.git.process import Git, GitError, GitLimits
from bot.model import no_commit
from bot.network import DIRECT, Network

NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
LOST = re.compile(r"not our ref|unadvertised object|couldn't find remote ref")


class Mirrors:
    """The folder of all mirrors (mode 0700); the only class that starts git on them."""

    def __init__(
        self, root: Path, server: str, token: Callable[[], str], limits: GitLimits, network: Network = DIRECT
    ) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        self.root = root
        self.limits = limits
        self._git = Git(limits, self._told)
        self._server = server.rstrip("/")
        self._token = token
        self._network = network
        self.disk = Disk(root, limits)
        self.soundness = Soundness(root, self._run)
        self.receiver = Receiver(self.run, self.disk)
        self._locks: dict[str, asyncio.Lock] = {}
        self._ids: dict[str, int] = {}

    def identify(self, repository: str, number: int) -> None:
        """Take note of a repository's id: its mirror stays with it. One that version 0.1 made by name is taken over."""
        if not number or self._ids.get(repository) == number:
            return
        self._ids[repository] = number
        owner, _, name = repository.partition("/")
        before, folder = self.root / owner / f"{name}.git", self.root / f"{number}.git"
        if before.is_dir() and not folder.exists():
            before.rename(folder)

    def mirror(self, repository: str) -> "Mirror":
        """Return the mirror of `owner/name`; nothing is fetched. Raises GitError for an invalid name."""
        owner, _, name = repository.partition("/")
        if not all(NAME.fullmatch(part) and part.strip(".") for part in (owner, name)):
            raise GitError(f"{repository!r} is not a valid repository name; nothing was fetched")
        known = self._ids.get(repository)
        folder = self.root / f"{known}.git" if known else self.root / owner / f"{name}.git"
        lock = self._locks.setdefault(folder.as_posix(), asyncio.Lock())
        url = f"{self._server}/{quote(owner)}/{quote(name)}.git"
        return Mirror(self, folder, url, lock, self.disk.hold(folder))

    async def tidy(self) -> None:
        """Delete what a crash left, and measure the mirrors."""
        await asyncio.to_thread(self.disk.tidy)

    async def close(self) -> None:
        """End the fetches that still run."""
        await self.receiver.close()
        self.soundness.marks.release()

    async def run(
        self,
        folder: Path,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float = 0.0,
        offline: bool = False,
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the standard output of one git command. `offline`: fail for missing objects instead of fetching them.

        `more` is added to git's environment. Raises GitError if it fails or times out, GitTooMuch if it prints too
        much, MirrorDamaged if the mirror is damaged.
        """
        how: dict[str, Any] = {"stdin": stdin, "seconds": seconds, "offline": offline, "more": more}
        try:
            return await self._run(folder, *arguments, **how)
        except GitError as fault:
            await self.soundness.judge(mirror_of(folder), fault)
            raise

    async def _run(
        self, folder: Path, *arguments: str, offline: bool = True, more: Mapping[str, str] | None = None, **how: Any
    ) -> bytes:
        own = mirror_environment(self.root, self._server, self._token(), self._network, offline=offline)
        environment = own | dict(more or {})
        return await self._git.run(folder, *arguments, environment=environment, **how)

    def _told(self, errors: str) -> str:
        errors = errors.replace(self._token(), "[token]")
        for secret in self._network.secrets():
            errors = errors.replace(secret, "[password]")
        return " ".join(errors.split())[:300]


@dataclass(frozen=True)
class Mirror:
    """One repository's bare mirror. It is not deleted for others while `held` is alive."""

    mirrors: Mirrors
    folder: Path
    url: str
    lock: asyncio.Lock
    held: Held

    async def fetch(self, refs: Mapping[str, str]) -> None:
        """Fetch refs (full name → its expected commit) unless the mirror has all of these commits.

        Every fetched commit gets its own ref, so it is never pruned. A fetch that has begun goes on when the caller is
        cancelled. Raises GitError, GitOverBound if a bound is exceeded.
        """
        await self.mirrors.receiver.alone(self.lock, lambda: self._fetch(refs))

    async def _fetch(self, refs: Mapping[str, str]) -> None:
        await self._create(refs.values())
        here = await self.present(refs.values())
        wanted = {sha: ref for ref, sha in reversed([*refs.items()]) if sha not in here}
        specs = [f"+{check_ref(ref)}:refs/assay/seen/{check_sha(sha)}" for sha, ref in wanted.items()]
        if specs:  # git rejects two fetches to the same ref
            await self.fetch_specs(specs)

    async def fetch_commits(self, shas: Sequence[str]) -> tuple[str, ...]:
        """Fetch commits by id; return those that the server no longer provides.

        Raises GitError if the server was not reached or failed, which says nothing about a commit.
        """
        return await self.mirrors.receiver.alone(self.lock, lambda: self._fetch_commits(shas))

    async def _fetch_commits(self, shas: Sequence[str]) -> tuple[str, ...]:
        await self._create(() if self._complete() else shas)
        here, kind = await self.present(shas), stored_format(configuration(self.folder))
        wanted = [sha for sha in dict.fromkeys(shas) if sha not in here and not no_commit(sha)]
        others = [sha for sha in wanted if object_format([check_sha(sha)]) != kind]
        return (*await self._fetch_all([sha for sha in wanted if sha not in others]), *others)

    async def _fetch_all(self, shas: Sequence[str]) -> list[str]:
        try:
            if shas:
                await self.fetch_specs([f"+{sha}:refs/assay/seen/{sha}" for sha in shas])
        except GitError as fault:
            if not LOST.search(str(fault)):
                raise
            lost = [sha for sha in shas if len(shas) == 1 or sha in str(fault)]
            rest = [sha for sha in shas if sha not in lost]
            return [*lost, *[sha for part in ([rest] if lost else zip(rest)) for sha in await self._fetch_all(part)]]
        return []

    async def present(self, shas: Iterable[str]) -> frozenset[str]:
        """Return the commits that were fetched before."""
        names = [f"refs/assay/seen/{sha}" for sha in shas if SHA.fullmatch(sha)]
        if not names:
            return frozenset()
        listing = ("for-each-ref", "--format=%(refname) %(objectname) %(tree)", *names)  # reads each commit
        output = await self.mirrors.run(self.folder, *listing, offline=True)
        found = (line.split() for line in output.decode().splitlines())
        return frozenset(sha for ref, sha, *_ in found if ref == f"refs/assay/seen/{sha}")

    async def merge_base(self, one: str, other: str) -> str:
        """Return the best common ancestor; empty if there is none."""
        try:
            found = await self.mirrors.receiver.read(self.folder, "merge-base", check_sha(one), check_sha(other))
        except GitError:
            return ""
        return found.decode().strip()

    async def commits(self, head: str, base: str) -> tuple[str, ...]:
        """Return the ids of the commits that the head has and the base does not."""
        output = await self.mirrors.receiver.read(self.folder, "rev-list", check_sha(head), f"^{check_sha(base)}", "--")
        return tuple(output.decode().split())

    async def apart(self, shas: Sequence[str], tips: Sequence[str]) -> tuple[str, ...]:
        """Return the commits that are in no tip's history, and the commits that the mirror does not have.

        Missing commits are not requested: only a fetch by id tells whether the server still has them.
        """
        names = "".join(f"{check_sha(sha)}\n" for sha in shas)
        unfetched = ("rev-list", "--missing=allow-any", "--ignore-missing", "--stdin")
        listed = await self.mirrors.run(
            self.folder, *unfetched, "--no-walk=unsorted", stdin=names.encode(), offline=True
        )
        here = frozenset(listed.decode().split())
        names = "".join(f"{sha}\n" for sha in here) + "".join(f"^{check_sha(tip)}\n" for tip in tips)
        beyond = await self.mirrors.run(self.folder, *unfetched, stdin=names.encode(), offline=True) if here else b""
        outside = frozenset(beyond.decode().split())
        return tuple(sha for sha in shas if sha not in here or sha in outside)

    async def left_out(self, heads: Sequence[str], base: str) -> frozenset[str]:
        """Return the ids of blobs over the file limit, which were not fetched."""
        starts = (*(check_sha(head) for head in heads), f"^{check_sha(base)}")
        flags = ("--objects", "--no-object-names", "--missing=print")
        output = await self.mirrors.run(self.folder, "rev-list", *flags, *starts, "--", offline=True)
        return frozenset(line[1:] for line in output.decode().splitlines() if line.startswith("?"))

    async def log(self, heads: Sequence[str], base: str, *, limit: int, patch: bool) -> bytes:
        """Return `git log` of the commits beyond the base: raw file lists and, with `patch`, added lines.

        Merges are shown by their remerge diff, and binary content as text, so a NUL byte hides nothing. Without
        `patch`, renames are not detected: that would fetch large files.
        """
        shape = PATCH if patch else ("--no-renames",)
        starts = (*(check_sha(head) for head in heads), f"^{check_sha(base)}")
        return await self.mirrors.receiver.read(self.folder, *LOG, *shape, f"--max-count={limit}", *starts, "--")

    async def patches(self, shas: Sequence[str], without: Sequence[str] = ()) -> bytes:
        """Return `git log` with patches of exactly these commits, in their order, without the named files.

        Git matches folders by the same paths; that is safe, since a commit cannot have a folder and a file of one name.
        """
        names = "".join(f"{check_sha(sha)}\n" for sha in shas)
        paths = (".", *(f":(top,exclude,literal){path}" for path in without)) if without else ()
        exact = ("--no-walk=unsorted", "--full-history", "--sparse", "--stdin")
        whole = (*LOG, *PATCH, *exact, "--", *paths)
        return await self.mirrors.receiver.read(self.folder, *whole, stdin=names.encode())

    async def commit_objects(self, shas: Sequence[str]) -> bytes:
        """Return `git cat-file --batch` of commits: the stored bytes.

        `git log` decodes a message by the encoding that the commit names, and stops at a NUL: both could hide text.
        """
        names = "".join(f"{check_sha(sha)}\n" for sha in shas)
        return await self.mirrors.receiver.read(self.folder, "cat-file", "--batch", stdin=names.encode())

    async def net_diff(self, old: str, new: str, without: Sequence[str] = ()) -> bytes:
        """Return the net difference between two commits for `bot.git.diff.read_net`, without the named files.

        Raises GitError if the mirror lacks a file version: none is fetched for this.
        """
        paths = (".", *(f":(top,exclude,literal){path}" for path in without)) if without else ()
        ends = (check_sha(old), check_sha(new), "--", *paths)
        return await self.mirrors.run(self.folder, *NET, *ends, offline=True)

    async def raw_diff(self, old: str, new: str) -> bytes:
        """Return only the file list, with exact renames only, so no file content is needed."""
        return await self.mirrors.run(self.folder, *RAW, check_sha(old), check_sha(new), "--", offline=True)

    async def blobs_here(self, blobs: Iterable[str]) -> frozenset[str]:
        """Return the file versions that the mirror has."""
        names = "".join(f"{check_sha(blob)}\n" for blob in blobs).encode()
        flags = ("--objects", "--no-object-names", "--no-walk", "--ignore-missing", "--missing=allow-any", "--stdin")
        if not names:
            return frozenset()
        output = await self.mirrors.run(self.folder, "rev-list", *flags, stdin=names, offline=True)
        return frozenset(output.decode().split())

    async def _create(self, shas: Iterable[str]) -> None:
        """Make the mirror unless it is there and sound. Needs the lock. Raises GitError.

        The length of the commits' ids tells the repository's hash function; a mirror with another one is replaced.
        """
        kind, soundness = object_format(shas), self.mirrors.soundness
        self.mirrors.disk.renew(self.folder, self.held)
        await soundness.before_use(self.folder)
        if self._complete(kind):
            if f"url = {self.url}\n" not in configuration(self.folder):
                await self.mirrors.run(self.folder, "config", "remote.origin.url", self.url)  # it was renamed
            return
        try:
            remote = {"url": self.url, "promisor": "true", COMPLETE: self.filter}
            await make(self.mirrors.run, self.folder, kind, remote)
        except GitError as fault:
            soundness.not_made(self.folder, str(fault))
            raise
        soundness.made(self.folder)

    def _complete(self, kind: str = "") -> bool:
        config = configuration(self.folder)
        return COMPLETE in config and (not kind or stored_format(config) == kind)

    async def fetch_specs(self, specs: Sequence[str], remote: str = "origin", settings: Sequence[str] = ()) -> None:
        """Fetch by refspecs from a remote of the settings (`-c`, `key=value`) or the mirror's own; needs the lock."""
        await self.mirrors.receiver.fetch(self.folder, specs, (*settings, *FETCH, f"--filter={self.filter}"), remote)

    @property
    def filter(self) -> str:
        """The filter of every fetch: larger file versions stay on the server."""
        return f"blob:limit={self.mirrors.limits.file_bytes}"
