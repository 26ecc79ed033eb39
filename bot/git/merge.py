"""Tries a merge beside a mirror: what git writes for it goes to a temporary folder, which is deleted afterwards."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.git.fetching.incoming import objects_apart, temporary_folder
from bot.git.mirror import Mirror
from bot.git.names import check_sha
from bot.git.process import GitError

CONFLICT = 1
"""Exit status of `git merge-tree` for conflicts; a greater one is a failure."""


@dataclass(frozen=True)
class Tried:
    """A merge that was tried: its tree, empty for conflicts, and the environment in which git can read it."""

    tree: str
    environment: Mapping[str, str]


@asynccontextmanager
async def tried_merge(mirror: Mirror, base: str, head: str, seconds: float) -> AsyncIterator[Tried]:
    """Merge a head into a base and yield the result. Nothing is fetched. Raises GitError if git cannot tell in time."""
    merge = ("merge-tree", "--write-tree", "--no-messages", check_sha(base), check_sha(head))
    with temporary_folder(mirror.mirrors.root, ".merge-") as scratch:
        environment = objects_apart(scratch, mirror.folder)
        try:
            output = await mirror.mirrors.run(mirror.folder, *merge, seconds=seconds, offline=True, more=environment)
            tree = check_sha(output.decode("ascii", "replace").strip())
        except GitError as fault:
            if fault.code != CONFLICT or not fault.output:  # an impossible merge has the same status as a conflict
                raise
            tree = ""
        yield Tried(tree, environment)
