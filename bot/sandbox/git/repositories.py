"""The git plumbing under the sandbox: bare repositories, driven by the `git` program.

Arguments go as lists, the environment is built from nothing, and neither hooks nor system settings take part.
Reference updates all pass through this process, so the table of refs is kept in memory and read again after a push.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LIMIT_SECONDS = 60.0
KEPT_ANSWERS = 512
KEPT_BYTES = 256 * 1024

CONFIG = """\
[core]
\thooksPath = /dev/null
\tfsync = none
\tquotepath = false
[gc]
\tauto = 0
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\thideRefs = refs/pull
\tautogc = false
[safe]
\tdirectory = *
[diff]
\trenames = true
[advice]
\tdetachedHead = false
"""


BRANCH = re.compile(r"(?![-/.])(?!.*(?://|/\.|\.\.|@\{|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")


class GitError(Exception):
    """A git command failed; the text is what it said."""


@dataclass(frozen=True)
class Commit:
    """A commit as `git log` tells it."""

    sha: str
    parents: tuple[str, ...]
    author: tuple[str, str, datetime]
    committer: tuple[str, str, datetime]
    message: str


@dataclass(frozen=True)
class NewCommit:
    """A commit to make: contents by path, None deletes."""

    branch: str
    parent: str | None
    author: tuple[str, str, datetime]
    message: str
    files: Mapping[str, bytes | None]


class Git:
    """Runs git below one directory."""

    def __init__(self, root: Path) -> None:
        self.repos = root / "repos"
        self.repos.mkdir(parents=True, exist_ok=True)
        self._read: dict[tuple[Path, tuple[str, ...]], bytes] = {}
        config = root / "gitconfig"
        config.write_text(CONFIG, encoding="utf-8")
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(root),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(config),
            "GIT_TERMINAL_PROMPT": "0",
        }

    async def run(self, repo: Path, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        """Standard output of `git ARGS` in the repository. Raises GitError for other exit codes and after a minute."""
        process = await asyncio.create_subprocess_exec(
            "git",
            "--git-dir",
            str(repo),
            *args,
            env=self.environment,
            cwd=self.repos,
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin or None), LIMIT_SECONDS)
        except (TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode not in ok:
            raise GitError(f"git {args[0]} ended with {process.returncode}: {err.decode(errors='replace').strip()}")
        return out

    async def read(self, repo: Path, *args: str) -> bytes:
        """As `run`, for commands about object ids alone, whose answer never changes: small answers are kept."""
        key = (repo, args)
        out = self._read.pop(key, None)
        if out is None:
            out = await self.run(repo, *args)
        if len(out) <= KEPT_BYTES:
            self._read[key] = out
            if len(self._read) > KEPT_ANSWERS:
                self._read.pop(next(iter(self._read)))
        return out

    async def create(self, repo: Path, default_branch: str, object_format: str) -> None:
        """An empty bare repository; `object_format` is `sha1` or `sha256`."""
        options = ("--template=", f"--initial-branch={default_branch}", f"--object-format={object_format}")
        await self.run(repo, "init", "--quiet", "--bare", *options, str(repo))

    async def refs(self, repo: Path) -> dict[str, str]:
        """All references with what they point at."""
        out = await self.run(repo, "for-each-ref", "--format=%(objectname) %(refname)")
        pairs = (line.split(" ", 1) for line in out.decode().splitlines())
        return {name: sha for sha, name in pairs}

    async def commit(self, repo: Path, new: NewCommit) -> str:
        """Makes a commit on a branch and gives its id. One process, whatever the number of files."""
        if not BRANCH.fullmatch(new.branch):
            # the name goes into a stream of commands, where a newline would begin another
            raise GitError(f"{new.branch!r} is no branch name that git allows")
        name, email, when = new.author
        who = f"{name} <{email}> {int(when.timestamp())} +0000"
        message = new.message.encode()
        parts = [f"commit refs/heads/{new.branch}\nmark :1\nauthor {who}\ncommitter {who}\n".encode()]
        parts.append(b"data %d\n%b\n" % (len(message), message))
        if new.parent:
            parts.append(f"from {new.parent}\n".encode())
        for path, content in new.files.items():
            parts.append(_change(path, content))
        parts.append(b"\nget-mark :1\ndone\n")
        out = await self.run(repo, "fast-import", "--quiet", "--force", "--done", stdin=b"".join(parts))
        return out.decode().strip()

    async def log(self, repo: Path, *selection: str) -> list[Commit]:
        """Commits of a selection (`A..B`, `-n 3 SHA -- path`), newest first."""
        fields = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
        out = await self.run(repo, "log", "-z", f"--format=tformat:{fields}", *selection)
        words = out.decode(errors="replace").split("\0")[:-1]
        return [_commit(words[start : start + 9]) for start in range(0, len(words), 9)]

    async def changed(self, repo: Path, shas: list[str]) -> dict[str, list[tuple[str, str]]]:
        """For each commit its (letter, path) pairs against the first parent, renames told as delete and add."""
        found: dict[str, list[tuple[str, str]]] = {sha: [] for sha in shas}
        if not shas:
            return found
        flags = ("--stdin", "-r", "-z", "--root", "--name-status", "--no-renames", "--diff-merges=first-parent")
        out = await self.run(repo, "diff-tree", *flags, stdin="\n".join(shas).encode() + b"\n")
        words = iter(out.decode(errors="replace").split("\0"))
        current = ""
        for word in words:
            if word in found:
                current = word
            elif word:
                found[current].append((word, next(words)))
        return found

    async def merge_base(self, repo: Path, one: str, other: str) -> str:
        """The best common ancestor, or an empty text where the histories share nothing."""
        return (await self.run(repo, "merge-base", one, other, ok=(0, 1))).decode().strip()

    async def merge_tree(self, repo: Path, base: str, head: str) -> str | None:
        """The tree of a clean merge, or None on a conflict."""
        out = await self.run(repo, "merge-tree", "--write-tree", "--no-messages", base, head, ok=(0, 1))
        lines = out.decode(errors="replace").splitlines()
        return lines[0] if len(lines) == 1 else None

    async def join(
        self, repo: Path, tree: str, parents: tuple[str, ...], who: tuple[str, str, datetime], message: str
    ) -> str:
        """Makes a commit of a tree, on no branch, and gives its id."""
        name, email, when = who
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{role} {name} <{email}> {int(when.timestamp())} +0000" for role in ("author", "committer")]
        content = "\n".join([*lines, "", message]).encode()
        return (await self.run(repo, "hash-object", "-t", "commit", "-w", "--stdin", stdin=content)).decode().strip()

    async def resolve(self, repo: Path, name: str, kind: str = "commit") -> str | None:
        """The full id for a (shortened) id of a commit or a tree, or None."""
        if "\0" in name:
            return None
        out = await self.run(
            repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{{kind}}}", ok=(0, 1, 128)
        )
        return out.decode().strip() or None


def _change(path: str, content: bytes | None) -> bytes:
    # fast-import reads C-style quoting, which carries newlines and quotes of hostile names
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    return f"M 100644 inline {quoted}\n".encode() + b"data %d\n%b\n" % (len(content), content)


def _commit(words: list[str]) -> Commit:
    sha, parents, author, author_mail, authored, committer, committer_mail, committed, message = words
    return Commit(
        sha,
        tuple(parents.split()),
        (author, author_mail, datetime.fromtimestamp(int(authored), UTC)),
        (committer, committer_mail, datetime.fromtimestamp(int(committed), UTC)),
        message,
    )
