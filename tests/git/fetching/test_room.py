"""Mirrors make room for each other: never one in use, in any process, and whole or gone after a kill."""

import asyncio
import gc
import os
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bot.git import GitLimits, Mirrors
from bot.git.fetching.disk import REST_SECONDS, Disk
from bot.git.fetching.in_use import USED
from bot.git.fetching.incoming import size_of
from tests.children import processes

MIB = 1024 * 1024
ONE = GitLimits(mirrors_bytes=MIB)


def mirror(root: Path, name: str, used: float, files: int = 4) -> Path:
    """A folder that looks like a mirror of half a MiB, last used at a time."""
    folder = root / f"{name}.git"
    (folder / "objects" / "pack").mkdir(parents=True)
    for number in range(files):
        (folder / "objects" / "pack" / f"pack-{number}.pack").write_bytes(bytes(MIB // 2 // files))
    (folder / USED).touch()
    os.utime(folder / USED, (used, used))
    return folder


def left(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_room_is_made_by_the_tidying_too_and_the_longest_unused_goes_first(tmp_path: Path) -> None:
    for name, used in (("1", 30), ("2", 10), ("3", 20), ("4", 40)):
        mirror(tmp_path, name, used)
    disk = Disk(tmp_path, ONE)
    disk.tidy()
    assert left(tmp_path) == {"1.git", "4.git"}
    assert size_of(tmp_path) <= MIB


def test_files_that_come_into_a_mirror_do_not_make_it_look_used(tmp_path: Path) -> None:
    old, new = mirror(tmp_path, "1", 10), mirror(tmp_path, "2", 20)
    mirror(tmp_path, "3", 30)
    (old / "packed-refs").write_text("")
    os.utime(new, (5, 5))
    Disk(tmp_path, ONE).tidy()
    assert left(tmp_path) == {"2.git", "3.git"}


def test_one_in_use_stays_and_the_others_go(tmp_path: Path) -> None:
    now = [1000.0]
    oldest, _, _ = (mirror(tmp_path, str(number), number) for number in (1, 2, 3))
    disk = Disk(tmp_path, ONE, clock=lambda: now[0])
    held = disk.hold(oldest)
    now[0] += REST_SECONDS
    for number in (1, 2, 3):
        os.utime(tmp_path / f"{number}.git" / USED, (number, number))
    disk.tidy()
    assert left(tmp_path) == {"1.git", "3.git"}
    del held
    mirror(tmp_path, "4", 4)
    disk.tidy()
    assert left(tmp_path) == {"3.git", "4.git"}


def open_times(path: Path) -> int:
    """How often this process has a path open."""
    count = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # it was closed meanwhile
            count += one.readlink() == path
    return count


def test_a_handle_that_is_gone_keeps_no_file_open(tmp_path: Path) -> None:
    disk, folder = Disk(tmp_path, ONE), mirror(tmp_path, "1", 1)
    held = [disk.hold(folder) for _ in range(100)]
    assert open_times(folder) == 1
    held.clear()
    gc.collect()
    assert open_times(folder) == 0


def use(root: str, name: str, pipe: Connection) -> None:
    """Hold a mirror until told otherwise."""
    held = Disk(Path(root), ONE).hold(Path(root) / name)
    pipe.send(True)
    pipe.recv()
    del held


@pytest.mark.long  # a process of its own
@pytest.mark.parametrize("end", ["killed", "ended"])
def test_one_that_another_process_uses_stays_until_that_has_ended(tmp_path: Path, end: str) -> None:
    for number in (1, 2, 3):
        mirror(tmp_path, str(number), number)
    ours, theirs = processes().Pipe()
    child = processes().Process(target=use, args=(str(tmp_path), "1.git", theirs))
    child.start()
    ours.recv()
    os.utime(tmp_path / "1.git" / USED, (1, 1))
    disk = Disk(tmp_path, ONE)
    disk.tidy()
    assert left(tmp_path) == {"1.git", "3.git"}
    child.kill() if end == "killed" else ours.send(True)
    child.join()
    mirror(tmp_path, "4", 4)
    disk.tidy()
    assert left(tmp_path) == {"3.git", "4.git"}


DELETING = """
import sys
from pathlib import Path
from bot.git import GitLimits
from bot.git.fetching.disk import Disk
print("ready", flush=True)
sys.stdin.readline()
Disk(Path(sys.argv[1]), GitLimits(mirrors_bytes=0)).tidy()
"""


@pytest.mark.long  # kills
@pytest.mark.parametrize("milliseconds", [0, 5, 15, 40, 80])
def test_a_kill_while_one_is_deleted_leaves_it_whole_or_gone_and_the_rest_is_cleaned_at_the_start(
    tmp_path: Path, milliseconds: int
) -> None:
    folder = mirror(tmp_path, "1", 1, files=4000)
    whole = size_of(folder)
    command = [sys.executable, "-c", DELETING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write(b"\n")
        child.stdin.flush()
        try:
            child.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            child.kill()
    if folder.exists():
        assert size_of(folder) == whole
    Disk(tmp_path, GitLimits()).tidy()
    assert left(tmp_path) <= {"1.git"}


async def test_a_mirror_that_is_being_made_is_no_leftover(tmp_path: Path) -> None:
    """Another process of the same folder, such as a command, starts while a mirror is made."""
    mirrors = Mirrors(tmp_path, "http://127.0.0.1:9", lambda: "token", GitLimits())
    seen: list[set[str]] = []
    run = mirrors.run

    async def noted(folder: Path, *arguments: str, **how: Any) -> bytes:
        if ".git.new-" in folder.name:
            await asyncio.to_thread(Disk(tmp_path, GitLimits()).tidy)
            seen.append({name for name in os.listdir(tmp_path) if ".git.new-" in name})  # noqa: PTH208 - no pathlib in a coroutine
        return await run(folder, *arguments, **how)

    mirrors.run = noted  # type: ignore[method-assign]
    mirror = mirrors.mirror("workshop/garden")
    await mirror._create(["a" * 40])
    assert mirror._complete()
    assert len(seen) > 1
    await mirrors.close()
    assert os.listdir(tmp_path) == ["workshop"]  # noqa: PTH208 - as above
