"""What a pull request amounts to: merge base, size, changed files, whether it merges.

All of it is a function of commit ids, so each answer is computed once and kept.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.git.repositories import Git, GitError
from bot.sandbox.records import Issue, Pull, Repo

RENAMES = "CR"


@dataclass(frozen=True)
class ChangedFile:
    """One file of a pull request; `status` in Forgejo's words."""

    path: str
    status: str
    additions: int
    deletions: int
    previous: str = ""


@dataclass(frozen=True)
class Facts:
    """The figures that a pull request's JSON carries."""

    merge_base: str
    files: tuple[ChangedFile, ...]
    mergeable: bool

    @property
    def additions(self) -> int:
        """Added lines over all files."""
        return sum(file.additions for file in self.files)

    @property
    def deletions(self) -> int:
        """Deleted lines over all files."""
        return sum(file.deletions for file in self.files)


class Diffs:
    """Answers about pairs of commits, remembered."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._facts: dict[tuple[int, str, str, str], Facts] = {}

    async def facts(self, issue: Issue) -> Facts:
        """The figures of a pull request as it stands now."""
        repo, pull = issue.repo, _pull(issue)
        base = pull.base_sha if pull.merged_at else repo.branch(pull.base_ref) or pull.base_sha
        key = (repo.id, base, pull.head_sha, pull.merge_base if pull.merged_at else "")
        if key not in self._facts:
            known = pull.merge_base if pull.merged_at else ""
            self._facts[key] = await self._compute(repo, base, pull.head_sha, known)
        return self._facts[key]

    async def _compute(self, repo: Repo, base: str, head: str, known_base: str) -> Facts:
        merge_base = known_base or await self._git.merge_base(repo.path, base, head)
        files, tree = await asyncio.gather(
            self._files(repo.path, merge_base, head), self._merges(repo.path, base, head)
        )
        return Facts(merge_base, files, tree)

    async def _merges(self, path: Path, base: str, head: str) -> bool:
        try:
            return await self._git.merge_tree(path, base, head) is not None
        except GitError:
            # histories that share nothing can't be merged, which git reports as a failure
            return False

    async def _files(self, path: Path, base: str, head: str) -> tuple[ChangedFile, ...]:
        if not base:
            return ()
        out = await self._git.run(path, "diff", "--raw", "--numstat", "-z", "-M", base, head)
        return tuple(_read(out.decode(errors="replace").split("\0")))

    async def text(self, issue: Issue) -> bytes:
        """The unified diff from the merge base to the head, as `.diff` gives it."""
        facts = await self.facts(issue)
        if not facts.merge_base:
            return b""
        return await self._git.read(issue.repo.path, "diff", "-M", facts.merge_base, _pull(issue).head_sha)


def _pull(issue: Issue) -> Pull:
    if issue.pull is None:
        raise ValueError(f"{issue.repo.full_name}#{issue.number} is no pull request")
    return issue.pull


def _read(words: list[str]) -> list[ChangedFile]:
    """Joins `--raw -z` (status, names) with `--numstat -z` (counts), which git prints one after the other."""
    rest = iter(words)
    raw: list[tuple[str, str, str]] = []
    files: list[ChangedFile] = []
    for word in rest:
        if word.startswith(":"):
            raw.append(_raw(word, next(rest), rest))
        elif word:
            added, deleted, name = word.split("\t", 2)
            if not name:
                # a rename prints its two names as words of their own
                next(rest)
                next(rest)
            letter, path, previous = raw[len(files)]
            files.append(ChangedFile(path, letter, _count(added), _count(deleted), previous))
    return files


def _raw(head: str, first: str, rest: Iterator[str]) -> tuple[str, str, str]:
    fields = head[1:].split(" ")
    letter, same_content = fields[4][0], fields[2] == fields[3]
    if letter in RENAMES:
        return ("renamed" if letter == "R" else "copied", next(rest), first)
    if letter == "M" and same_content:
        return ("unchanged", first, "")
    return ({"A": "added", "D": "deleted"}.get(letter, "changed"), first, "")


def _count(word: str) -> int:
    return 0 if word == "-" else int(word)
