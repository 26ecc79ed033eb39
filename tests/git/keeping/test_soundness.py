"""Damaged mirrors: whatever happens to a file, the next look is right, and the bot fetches no more than it must."""

import itertools
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.git import GitError, MirrorDamaged, Mirrors
from bot.git.fetching import record
from bot.git.keeping.marks import MARK, Marks
from bot.git.keeping.soundness import AGAIN_SECONDS
from tests.gitwork import REPOSITORY, Forge, running_forge

MAIN = "refs/heads/main"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[tuple[Forge, str, str]]:
    """A server, the first and the last of four commits on its main branch, and a mirror that has them in two packs."""
    async with running_forge(tmp_path) as forge:
        base = forge.work.head()
        await forge.mirror.fetch({MAIN: base})
        for number in range(3):
            forge.work.commit(f"Change {number}", {f"beds/{number}.txt": os.urandom(4000).hex()})
        head = await forge.push("HEAD:main")
        await forge.mirror.fetch({MAIN: head})
        await forge.mirrors.close()
        yield forge, base, head


@pytest.fixture
def mirrors(made: tuple[Forge, str, str]) -> Mirrors:
    """The mirrors of the next process."""
    return made[0].other(made[0].mirrors.root)


def killed(process: Mirrors) -> None:
    """Gives back the lock that the process holds, as its end does, and leaves its marks."""
    process.soundness.marks = Marks(process.root)


async def look(mirrors: Mirrors, base: str, head: str) -> tuple[bytes, tuple[str, ...], frozenset[str]]:
    """What a look reads, with the second try that the observer gives it."""
    for last in (False, True):
        try:
            mirror = mirrors.mirror(REPOSITORY)
            await mirror.fetch({MAIN: head})
            log = await mirror.log([head], base, limit=99, patch=True)
            return log, await mirror.apart([base, head], [head]), await mirror.left_out([head], base)
        except MirrorDamaged:
            if last:
                raise
    raise AssertionError


def folder_of(mirrors: Mirrors) -> Path:
    return mirrors.mirror(REPOSITORY).folder


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


WAYS: dict[str, Callable[[Path], None]] = {
    "emptied": emptied,
    "cut": cut,
    "zeroed with its old time": zeroed,
    "deleted": Path.unlink,
}
FILES = (
    "objects/pack/*.pack",
    "objects/pack/*.idx",
    "objects/pack/*.promisor",
    "config",
    "HEAD",
    "refs/assay/seen/*",
    "packed-refs",
    record.NAME,
)


def damage(folder: Path, pattern: str, way: str) -> None:
    paths = [*folder.glob(pattern)]
    assert paths
    for path in paths:
        path.chmod(0o600)
        WAYS[way](path)


async def packed(mirrors: Mirrors) -> None:
    """Puts the refs into one file, as an operator's `git gc` does."""
    await mirrors.run(folder_of(mirrors), "pack-refs", "--all", "--no-prune")


@pytest.mark.long
@pytest.mark.parametrize("when", ["while the bot runs", "after a clean end", "after a kill"])
@pytest.mark.parametrize("pattern", FILES)
async def test_a_look_is_right_whatever_happened_to_a_file(
    made: tuple[Forge, str, str], mirrors: Mirrors, pattern: str, when: str
) -> None:
    forge, base, head = made
    await packed(mirrors)
    right = await look(mirrors, base, head)
    whole = shutil.copytree(mirrors.root, mirrors.root.parent / "whole")
    for way in WAYS:
        shutil.rmtree(mirrors.root)
        shutil.copytree(whole, mirrors.root)
        process = forge.other(mirrors.root)
        await look(process, base, head)
        if when == "after a clean end":
            await process.close()
        elif when == "after a kill":
            killed(process)
        damage(folder_of(process), pattern, way)
        if when != "while the bot runs":
            process = forge.other(mirrors.root)
        assert await look(process, base, head) == right, way
        assert await look(forge.other(mirrors.root), base, head) == right, way
        assert process.soundness.unmade == {}


async def test_a_file_that_is_lost_while_the_bot_runs_is_not_taken_for_one_that_is_too_large(
    made: tuple[Forge, str, str], mirrors: Mirrors
) -> None:
    _, base, head = made
    await look(mirrors, base, head)
    largest = max(folder_of(mirrors).glob("objects/pack/*.pack"), key=lambda path: path.stat().st_size)
    for path in (largest, largest.with_suffix(".idx")):
        path.unlink()
    remade = list[int]()
    mirrors.soundness.on_remade = lambda: remade.append(1)
    assert (await look(mirrors, base, head))[2] == frozenset()
    assert remade == [1]


async def test_a_sound_mirror_is_not_made_again_after_a_kill(made: tuple[Forge, str, str], mirrors: Mirrors) -> None:
    forge, base, head = made
    await look(mirrors, base, head)
    packs = sorted(folder_of(mirrors).glob("objects/pack/*"))
    killed(mirrors)
    after = forge.other(mirrors.root)
    after.soundness.on_remade = lambda: pytest.fail("a sound mirror was made again")
    await look(after, base, head)
    assert sorted(folder_of(mirrors).glob("objects/pack/*")) == packs


async def test_git_is_asked_of_damage_only_once_while_nothing_changes(
    made: tuple[Forge, str, str], mirrors: Mirrors
) -> None:
    _, base, head = made
    await look(mirrors, base, head)
    asked = list[str]()
    run = mirrors.soundness.run

    async def counted(folder: Path, *arguments: str, **how: object) -> bytes:
        asked.append(arguments[0])
        return await run(folder, *arguments, **how)

    mirrors.soundness.run = counted
    for _ in range(3):
        await look(mirrors, base, head)
        with pytest.raises(GitError):
            await mirrors.run(folder_of(mirrors), "cat-file", "-p", "refs/heads/none", offline=True)
    assert asked.count("fsck") == 1


async def test_a_mirror_that_is_damaged_again_at_once_is_told_and_made_again_later(
    made: tuple[Forge, str, str], mirrors: Mirrors
) -> None:
    _, base, head = made
    now = [0.0]
    mirrors.soundness.clock = lambda: now[0]
    mirrors.soundness.__post_init__()
    right = await look(mirrors, base, head)
    damage(folder_of(mirrors), "objects/pack/*.pack", "cut")
    assert await look(mirrors, base, head) == right
    damage(folder_of(mirrors), "objects/pack/*.pack", "cut")
    for _ in range(2):
        with pytest.raises(GitError, match=r"damaged again .* check the disk"):
            await look(mirrors, base, head)
        (why,) = mirrors.soundness.unmade.values()
        assert "damaged again within 10 minutes" in why
    now[0] += AGAIN_SECONDS + 1
    assert await look(mirrors, base, head) == right
    assert mirrors.soundness.unmade == {}


@pytest.mark.parametrize("name", ["config.lock", "packed-refs.lock", "HEAD.lock"])
async def test_a_lock_that_a_killed_git_left_stops_nothing(
    made: tuple[Forge, str, str], mirrors: Mirrors, name: str
) -> None:
    forge, base, head = made
    right = await look(mirrors, base, head)
    lock = folder_of(mirrors) / name
    lock.touch()
    os.utime(lock, (0, 0))
    other = forge.other(mirrors.root)
    other._server = forge.sandbox.url.replace("127.0.0.1", "localhost")  # the address in the settings changes
    assert await look(other, base, head) == right


async def test_two_processes_use_a_mirror_and_neither_takes_the_other_for_dead(
    made: tuple[Forge, str, str], mirrors: Mirrors
) -> None:
    forge, base, head = made
    other = forge.other(mirrors.root)
    for process in (mirrors, other, mirrors, other):
        await look(process, base, head)
    assert not mirrors.soundness.marks.take(folder_of(mirrors))
    assert len([*folder_of(mirrors).glob(f"{MARK}*")]) == 2
    await other.close()
    assert len([*folder_of(mirrors).glob(f"{MARK}*")]) == 1


def test_what_is_written_down_of_the_files_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "objects" / "pack").mkdir(parents=True)
    for name, suffix in itertools.product(("pack-a", "tmp_pack_b"), record.SUFFIXES):
        (tmp_path / "objects" / "pack" / f"{name}{suffix}").write_text("x")
    assert not record.untouched(tmp_path)
    record.record(tmp_path)
    assert record.untouched(tmp_path)
    assert {*(record.recorded(tmp_path) or {})} == {f"pack/pack-a{suffix}" for suffix in record.SUFFIXES}
    assert record.lost(tmp_path) == ""
    (tmp_path / "objects" / "pack" / "pack-a.idx").unlink()
    assert record.lost(tmp_path) == "pack/pack-a.idx"
