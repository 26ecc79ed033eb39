"""The process of git: what others on the machine can see of it, and that it ends with all it started."""

import asyncio
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.git.mirror import Mirrors
from bot.git.process import GitError, GitLimits
from tests.waiting import alive, until


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a program named git before the real one, and gives the folder in which it runs."""

    def install(script: str) -> Path:
        program = tmp_path / "bin" / "git"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        return tmp_path

    return install


def mirrors(folder: Path, token: str = "", **limits: Any) -> Mirrors:
    return Mirrors(folder / "mirrors", "http://127.0.0.1:9", lambda: token or "none", GitLimits(**limits))


def command_lines() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue  # it ended meanwhile
    return found


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


SLOW = """
sleep 600 &
echo $! > "$2/child.tmp"; echo $$ > "$2/pid.tmp"
mv "$2/child.tmp" "$2/child"; mv "$2/pid.tmp" "$2/pid"
wait
"""


async def started(folder: Path) -> tuple[int, int]:
    await until((folder / "pid").exists)
    return int((folder / "pid").read_text()), int((folder / "child").read_text())


async def test_the_token_is_in_no_argument_list(fake: Callable[[str], Path]) -> None:
    folder, token = fake(SLOW), secrets.token_hex(20)
    task = asyncio.create_task(mirrors(folder, token).run(folder, "fetch"))
    pid, _ = await started(folder)
    seen, environment = command_lines(), environment_of(pid)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert any(b"fetch" in line for line in seen)
    assert [line for line in seen if token.encode() in line] == []
    assert f"Authorization: token {token}".encode() in environment


@pytest.mark.parametrize("way", ["time limit", "cancelled"])
async def test_git_ends_with_everything_that_it_started(fake: Callable[[str], Path], way: str) -> None:
    folder = fake(SLOW)
    seconds = 0.5 if way == "time limit" else 60.0
    task = asyncio.create_task(mirrors(folder, seconds=seconds).run(folder, "fetch"))
    pids = await started(folder)
    if way == "cancelled":
        task.cancel()
    with pytest.raises(GitError if way == "time limit" else asyncio.CancelledError) as caught:
        await task
    assert way == "cancelled" or "git fetch timed out after" in str(caught.value)
    await until(lambda: not any(alive(pid) for pid in pids))


async def test_endless_output_is_ended_at_its_limit(fake: Callable[[str], Path]) -> None:
    folder = fake('echo $$ > "$2/pid"; exec yes')
    with pytest.raises(GitError, match="git log printed more than 1 MiB"):
        await mirrors(folder, output_bytes=1 << 20).run(folder, "log")
    pid = int((folder / "pid").read_text())
    await until(lambda: not alive(pid))


async def test_a_flood_of_errors_holds_nothing_up_and_is_cut(fake: Callable[[str], Path]) -> None:
    folder = fake("echo 'fatal: first' >&2; head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 3")
    with pytest.raises(GitError) as caught:
        await mirrors(folder, seconds=30.0).run(folder, "fetch")
    assert str(caught.value).startswith("git fetch failed with status 3: fatal: first xxx")
    assert len(str(caught.value)) < 400


async def test_an_error_that_comes_in_pieces_is_told_whole(fake: Callable[[str], Path]) -> None:
    folder = fake("echo one >&2; sleep 0.05; echo two >&2; exit 1")
    with pytest.raises(GitError, match=r"git fetch failed with status 1: one two"):
        await mirrors(folder).run(folder, "fetch")


async def test_an_error_that_repeats_the_token_is_masked(fake: Callable[[str], Path]) -> None:
    token = secrets.token_hex(20)
    folder = fake(f"echo 'remote: {token} is wrong' >&2; exit 1")
    with pytest.raises(GitError, match=r"remote: \[token\] is wrong"):
        await mirrors(folder, token).run(folder, "fetch")


async def test_a_failure_without_a_word_is_still_told(fake: Callable[[str], Path]) -> None:
    folder = fake("exit 7")
    with pytest.raises(GitError, match=r"git fetch failed with status 7: no message"):
        await mirrors(folder).run(folder, "fetch")


async def test_what_is_written_to_git_arrives(fake: Callable[[str], Path]) -> None:
    folder = fake("cat")
    words = secrets.token_bytes(300_000)
    assert await mirrors(folder).run(folder, "hash-object", stdin=words) == words
