"""Real git in a folder, without the machine's settings: what tests read histories from."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.git.mirror import Mirror, Mirrors
from bot.git.process import GitLimits
from bot.sandbox import Sandbox

REPOSITORY = "workshop/garden"

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "codex"), ("EMAIL", "codex@example.invalid"), ("DATE", "2026-03-01T12:00:00Z"))
    },
}


@dataclass(frozen=True)
class Work:
    """A repository with a work tree."""

    folder: Path

    def git(self, *arguments: str, stdin: bytes = b"", ok: bool = True, env: Mapping[str, str] | None = None) -> bytes:
        """Runs git; gives its output."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            env=_ENVIRONMENT | dict(env or {}),
            check=False,
        )
        assert done.returncode == 0 or not ok, done.stderr.decode(errors="replace")
        return done.stdout

    def write(self, path: str, content: str | bytes) -> None:
        """Puts a file in the work tree."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, message: str | bytes = "A change", files: Mapping[str, str | bytes] | None = None) -> str:
        """Commits all there is, and gives the commit's id."""
        for path, content in (files or {}).items():
            self.write(path, content)
        self.git("add", "--all")
        text = message.encode() if isinstance(message, str) else message
        self.git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "-F", "-", stdin=text)
        return self.head()

    def head(self) -> str:
        """The id of the commit that is checked out."""
        return self.git("rev-parse", "HEAD").decode().strip()


def new_work(folder: Path, object_format: str = "sha1") -> Work:
    """A new repository with one commit on `main`."""
    folder.mkdir(parents=True, exist_ok=True)
    work = Work(folder)
    work.git("init", "--quiet", "--initial-branch=main", f"--object-format={object_format}")
    work.commit("Begin", {"README.md": "# garden\n"})
    return work


@dataclass
class Forge:
    """A server with one private repository, a work tree that pushes to it, and the bot's mirrors."""

    sandbox: Sandbox
    token: str
    work: Work
    mirrors: Mirrors

    @property
    def mirror(self) -> Mirror:
        """The mirror of the repository."""
        return self.mirrors.mirror(REPOSITORY)

    def other(self, root: Path, token: str = "", **limits: Any) -> Mirrors:
        """Further mirrors, with another token or other limits."""
        chosen = token or self.token
        return Mirrors(root, self.sandbox.url, lambda: chosen, GitLimits(**limits))

    async def push(self, *arguments: str) -> str:
        """Pushes to the server, and gives the commit that is checked out."""
        url = f"{self.sandbox.url.replace('//', f'//any:{self.token}@')}/{REPOSITORY}.git"
        await asyncio.to_thread(self.work.git, "push", "--quiet", url, *arguments)
        return self.work.head()


@asynccontextmanager
async def running_forge(folder: Path, object_format: str = "sha1") -> AsyncIterator[Forge]:
    """Starts a server whose `main` is the work tree's."""
    sandbox = Sandbox(folder / "forge")
    await sandbox.start()
    token = sandbox.add_user("patchwarden-bot")
    sandbox.add_org("workshop", owner="patchwarden-bot")
    await sandbox.add_repo(REPOSITORY, private=True, object_format=object_format)
    work = new_work(folder / "work", object_format)
    forge = Forge(sandbox, token, work, Mirrors(folder / "mirrors", sandbox.url, lambda: token, GitLimits()))
    await forge.push("+HEAD:main")
    yield forge
    await sandbox.stop()
