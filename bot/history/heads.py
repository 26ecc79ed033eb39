"""The commits of a pull request that are read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


class Moved(RuntimeError):
    """The server does not provide the head: the branch moved between its answer and the fetch. Evaluate again."""


@dataclass(frozen=True)
class Heads:
    """The commits to read: the pull request's number, its head, its base, and earlier heads.

    `origin` is the repository of the head branch; empty if it is the same one or gone.

    `trunk` is the tip of the default branch. Every commit that the trunk does not have is scanned for secrets, even if
    another base branch already has it.

    `merged` is the commit that a merge made on the branch `merged_into`; empty if the pull request is not merged.
    """

    repository: str
    number: int
    head: str
    base: str
    base_ref: str
    trunk: str = ""
    trunk_ref: str = ""
    earlier: tuple[str, ...] = ()
    origin: str = ""
    merged: str = ""
    merged_into: str = ""


def relevant(heads: Heads, earlier: Iterable[str]) -> Heads:
    """Return the heads with the earlier ones, each once, in a stable order."""
    return replace(heads, earlier=tuple(dict.fromkeys(sha for sha in earlier if sha != heads.head)))
