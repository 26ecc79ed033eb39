"""Fetches within bounds: what is ended leaves nothing, nothing begins from nothing again, and space is kept free."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.git import GitError, GitLimits, GitOverBound, Mirrors, fetch_from
from bot.git.fetching.disk import FIRST_RETRY, REST_SECONDS, Disk
from bot.git.fetching.in_use import USED
from bot.git.fetching.incoming import size_of
from bot.git.fetching.leftovers import DROPPED, OLD_SECONDS
from bot.git.fetching.receive import MANY_PACKS
from tests.gitwork import REPOSITORY, Forge, running_forge
from tests.waiting import until

MAIN = "refs/heads/main"
MIB = 1024 * 1024


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running
        await running.mirrors.close()


def unfinished(root: Path) -> list[str]:
    """Everything below the mirrors that a command that has ended must not leave behind."""
    names = ("tmp_", ".tmp-", "incoming-", "dropped-", ".merge-")
    found = [path.name for path in root.rglob("*") if path.name.startswith(names) or path.suffix in {".lock", ".keep"}]
    return [*found, *(path.name for path in root.rglob("*.git.new-*"))]


async def pushed(forge: Forge, branch: str, mib: float) -> str:
    """A branch of one commit with so many MiB that cannot be compressed."""
    forge.work.git("switch", "--quiet", "--force-create", branch, "main")
    size = int(mib * MIB)
    forge.work.commit(branch, {f"{branch}-{n}": os.urandom(min(MIB, size - n * MIB)) for n in range(-(-size // MIB))})
    head = await forge.push(f"+HEAD:{branch}")
    forge.work.git("switch", "--quiet", "main")
    return head


@pytest.mark.parametrize(
    ("limits", "setting"),
    [
        ({"fetch_bytes": 2 * MIB}, "2 MiB for one fetch; .* ASSAY_MAX_FETCH_BYTES"),
        ({"mirror_bytes": 2 * MIB}, "2 MiB for the repository's mirror; .* ASSAY_MAX_MIRROR_BYTES"),
        ({"mirrors_bytes": 2 * MIB}, "2 MiB for all mirrors together; .* ASSAY_MAX_MIRRORS_BYTES"),
    ],
)
async def test_a_fetch_over_a_bound_leaves_nothing_and_names_the_setting(
    forge: Forge, tmp_path: Path, limits: dict[str, Any], setting: str
) -> None:
    head = await pushed(forge, "topic", 4)
    mirrors = forge.other(tmp_path / "small", **limits)
    mirror = mirrors.mirror(REPOSITORY)
    await mirror.fetch({MAIN: forge.work.head()})
    before = size_of(mirrors.root)
    with pytest.raises(GitOverBound, match=setting):
        await mirror.fetch({"refs/heads/topic": head})
    assert (size_of(mirrors.root), unfinished(mirrors.root)) == (before, [])
    assert await mirror.present([head]) == frozenset()


@pytest.mark.parametrize("way", ["by id", "from a fork", "read by a patch"])
async def test_every_way_in_has_the_bound(forge: Forge, tmp_path: Path, way: str) -> None:
    base, head = forge.work.head(), await pushed(forge, "topic", 4)
    mirrors = forge.other(tmp_path / "small", fetch_bytes=2 * MIB, file_bytes=1000 if "patch" in way else 5 * MIB)
    mirror = mirrors.mirror(REPOSITORY)
    await mirror.fetch({MAIN: base})
    if way == "read by a patch":  # the files are larger than those that a fetch brings, and git asks for them
        await mirror.fetch({"refs/heads/topic": head})
    before = size_of(mirrors.root)
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "by id": lambda: mirror.fetch_commits([head]),
        "from a fork": lambda: fetch_from(mirror, REPOSITORY, head),
        "read by a patch": lambda: mirror.log([head], base, limit=9, patch=True),
    }
    with pytest.raises(GitOverBound):
        await ways[way]()
    assert (size_of(mirrors.root), unfinished(mirrors.root)) == (before, [])


async def test_a_fetch_over_its_bound_is_tried_again_later_each_time(forge: Forge, tmp_path: Path) -> None:
    now, asked = [0.0], list[str]()
    large = await pushed(forge, "large", 4)
    mirrors = forge.other(tmp_path / "small", fetch_bytes=2 * MIB)
    mirrors.disk.clock = lambda: now[0]
    mirrors.disk.__post_init__()
    run = mirrors.receiver._run

    async def noted(folder: Path, *arguments: str, **how: Any) -> bytes:
        asked.extend(word for word in arguments if word == "fetch")
        return await run(folder, *arguments, **how)

    mirrors.receiver._run = noted
    mirror = mirrors.mirror(REPOSITORY)
    for tries, wait in enumerate((FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY), start=1):
        for _ in range(5):
            with pytest.raises(GitOverBound, match="one fetch"):
                await mirror.fetch_commits([large])
        assert asked == ["fetch"] * tries
        now[0] += wait - 1
        with pytest.raises(GitOverBound, match="one fetch"):
            await mirror.fetch_commits([large])
        assert asked == ["fetch"] * tries
        now[0] += 2
    await mirror.fetch({MAIN: forge.work.head()})


def test_branches_of_the_repository_are_not_blamed_for_what_a_pull_request_brings(tmp_path: Path) -> None:
    disk, folder = Disk(tmp_path, GitLimits()), tmp_path / "1.git"
    pull, trunk = "+refs/pull/1/head:refs/assay/seen/a", "+refs/heads/main:refs/assay/seen/b"
    disk.remember(folder, [pull, trunk], GitOverBound("too much"))
    disk.refuse_again(folder, ["+refs/pull/2/head:refs/assay/seen/c", trunk])
    disk.refuse_again(tmp_path / "2.git", [pull])
    for asked in ([pull], [pull, "+refs/heads/main:refs/assay/seen/d"]):
        with pytest.raises(GitOverBound, match="too much"):
            disk.refuse_again(folder, asked)
    disk.remember(folder, [trunk], GitOverBound("a trunk too large"))
    with pytest.raises(GitOverBound, match="a trunk too large"):
        disk.refuse_again(folder, [trunk])


async def test_a_look_that_is_superseded_does_not_end_the_fetch_that_the_next_one_needs(forge: Forge) -> None:
    head = await pushed(forge, "topic", 3)
    first = asyncio.create_task(forge.mirror.fetch({"refs/heads/topic": head}))
    await until(lambda: any(forge.mirrors.root.glob("incoming-*")))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert first.cancelled()
    await forge.mirror.fetch({"refs/heads/topic": head})
    assert await forge.mirror.present([head]) == {head}
    assert len([*forge.mirror.folder.glob("objects/pack/*.pack")]) == 1
    assert unfinished(forge.mirrors.root) == []


async def test_looks_that_are_superseded_while_they_wait_begin_no_fetch(forge: Forge) -> None:
    head = await pushed(forge, "topic", 3)
    begun = asyncio.create_task(forge.mirror.fetch({"refs/heads/topic": head}))
    await until(lambda: any(forge.mirrors.root.glob("incoming-*")))
    waiting = [asyncio.create_task(forge.mirror.fetch({"refs/heads/none": "f" * 40})) for _ in range(5)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await begun
    assert all(
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*waiting, return_exceptions=True)
    )
    assert not forge.mirror.lock.locked()
    assert await forge.mirror.present([head]) == {head}


async def test_the_end_of_the_bot_ends_a_fetch_and_leaves_nothing(forge: Forge) -> None:
    head = await pushed(forge, "topic", 3)
    fetch = asyncio.create_task(forge.mirror.fetch({"refs/heads/topic": head}))
    await until(lambda: any(forge.mirrors.root.glob("incoming-*")))
    await forge.mirrors.close()
    with pytest.raises(asyncio.CancelledError):
        await fetch
    assert unfinished(forge.mirrors.root) == []
    assert await forge.mirror.present([head]) == frozenset()


async def test_a_time_limit_leaves_nothing(forge: Forge, tmp_path: Path) -> None:
    head = await pushed(forge, "topic", 5)
    mirrors = forge.other(tmp_path / "hurried", seconds=0.05)
    with pytest.raises(GitError, match="timed out"):
        await mirrors.mirror(REPOSITORY)._fetch({"refs/heads/topic": head})
    assert unfinished(mirrors.root) == []


async def test_a_mirror_that_reached_its_bound_is_begun_anew_by_the_next_fetch(forge: Forge, tmp_path: Path) -> None:
    heads = [await pushed(forge, f"topic{n}", 1.5) for n in range(2)]
    mirrors = forge.other(tmp_path / "small", mirror_bytes=2 * MIB)
    mirror = mirrors.mirror(REPOSITORY)
    await mirror.fetch({"refs/heads/topic0": heads[0]})
    with pytest.raises(GitOverBound, match="mirror"):
        await mirror.fetch({"refs/heads/topic1": heads[1]})
    base = forge.work.head()
    await mirror.fetch({MAIN: base})
    assert await mirror.present([*heads, base]) == {base}
    assert size_of(mirrors.root) < MIB


async def test_a_mirror_that_others_read_is_not_begun_anew(forge: Forge, tmp_path: Path) -> None:
    heads = [await pushed(forge, f"topic{n}", 1.5) for n in range(2)]
    mirrors = forge.other(tmp_path / "small", mirror_bytes=2 * MIB)
    reader, mirror = mirrors.mirror(REPOSITORY), mirrors.mirror(REPOSITORY)
    await mirror.fetch({"refs/heads/topic0": heads[0]})
    with pytest.raises(GitOverBound):
        await mirror.fetch({"refs/heads/topic1": heads[1]})
    await mirror.fetch({MAIN: forge.work.head()})
    assert await reader.present(heads) == {heads[0]}


async def repositories(forge: Forge, count: int) -> list[str]:
    """Further repositories of the same content."""
    names = [f"workshop/bed{n}" for n in range(count)]
    for name in names:
        await forge.sandbox.add_repo(name, private=True)
        url = f"{forge.sandbox.url.replace('//', f'//any:{forge.token}@')}/{name}.git"
        await asyncio.to_thread(forge.work.git, "push", "--quiet", url, "+HEAD:main")
    return names


async def test_of_all_mirrors_the_one_that_was_not_used_for_longest_makes_room(forge: Forge, tmp_path: Path) -> None:
    now = [0.0]
    forge.work.commit("Much", {"much": os.urandom(MIB)})
    head = forge.work.head()
    names = await repositories(forge, 3)
    mirrors = forge.other(tmp_path / "small", mirrors_bytes=int(2.8 * MIB))
    mirrors.disk.clock = lambda: now[0]
    mirrors.disk.__post_init__()
    for name in names[:2]:
        await mirrors.mirror(name).fetch({MAIN: head})
    for number, name in enumerate((names[1], names[0])):  # what is used later is kept
        os.utime(mirrors.mirror(name).folder / USED, (number, number))
    with pytest.raises(GitOverBound, match="all mirrors together"):  # both are in use
        await mirrors.mirror(names[2]).fetch({MAIN: head})
    now[0] += FIRST_RETRY + REST_SECONDS
    for number, name in enumerate((names[1], names[0])):
        os.utime(mirrors.root / f"{name}.git" / USED, (number, number))
    await mirrors.mirror(names[2]).fetch({MAIN: head})
    assert [(mirrors.root / f"{name}.git").exists() for name in names] == [True, False, True]
    assert unfinished(mirrors.root) == []


async def test_no_fetch_begins_on_a_disk_without_space_and_none_is_blamed(forge: Forge, tmp_path: Path) -> None:
    mirrors = forge.other(tmp_path / "full", free_bytes=1 << 60)
    with pytest.raises(GitOverBound, match="MiB of disk space are left; an operator has to free some") as caught:
        await mirrors.mirror(REPOSITORY).fetch({MAIN: forge.work.head()})
    assert not caught.value.lasting
    mirrors.disk.limits = forge.mirrors.limits
    await mirrors.mirror(REPOSITORY).fetch({MAIN: forge.work.head()})


@pytest.mark.long  # fifty fetches
async def test_many_packs_become_one_and_nothing_is_lost(forge: Forge) -> None:
    heads = []
    for number in range(MANY_PACKS):
        heads.append(forge.work.commit(f"More {number}", {f"f{number}": f"{number}\n"}))
        await forge.push("HEAD:main")
        await forge.mirror.fetch({MAIN: heads[-1]})
    assert len([*forge.mirror.folder.glob("objects/pack/*.pack")]) == 1
    assert await forge.mirror.present(heads) == {*heads}
    forge.work.commit("Last", {"last": "1\n"})
    await forge.push("HEAD:main")
    await forge.mirror.fetch({MAIN: forge.work.head()})
    assert b"+49" in await forge.mirror.log([heads[-1]], heads[0], limit=99, patch=True)
    assert unfinished(forge.mirrors.root) == []


def aged(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"fetch-pack 1 on there")
    then = time.time() - OLD_SECONDS - 1
    os.utime(path, (then, then))
    return path


LEFT = (
    "objects/pack/tmp_pack_Abc",
    "objects/pack/tmp_idx_Abc",
    "objects/pack/.tmp-12-pack-abc.pack",
    "objects/ab/tmp_obj_Abc",
    "objects/pack/pack-abc.keep",
    "refs/assay/seen/abc.lock",
    "config.lock",
)


async def test_what_a_crash_left_is_deleted_and_what_lives_is_kept(forge: Forge) -> None:
    await forge.mirror.fetch({MAIN: forge.work.head()})
    root, folder = forge.mirrors.root, forge.mirror.folder
    dead = [root / "incoming-dead", root / ".merge-dead", root / "1.git.new-dead", root / "owner" / "a.git.new-dead"]
    living = [root / "incoming-living", root / ".merge-living", root / "1.git.new-living"]
    for path in (*dead, *living, root / f"{DROPPED}x"):
        (path / "objects").mkdir(parents=True)
    locks = [os.open(path, os.O_RDONLY) for path in living]
    for lock in locks:
        fcntl.flock(lock, fcntl.LOCK_EX)
    left = [aged(folder / name) for name in LEFT]
    fresh = folder / "objects" / "pack" / "tmp_pack_fresh"
    fresh.touch()
    asked = folder / "objects" / "pack" / "pack-own.keep"
    asked.write_bytes(b"kept by an operator")
    await forge.mirrors.tidy()
    for lock in locks:
        os.close(lock)
    assert [path.name for path in (*left, *dead, root / f"{DROPPED}x") if path.exists()] == []
    assert [path.exists() for path in (*living, fresh, asked)] == [True] * 5
    assert await forge.mirror.present([forge.work.head()]) == {forge.work.head()}


async def test_a_full_folder_is_told_as_such(forge: Forge) -> None:
    await forge.mirror.fetch({MAIN: forge.work.head()})
    mirrors: Mirrors = forge.mirrors
    mirrors.disk.root = forge.mirrors.root / "not-there"
    with pytest.raises(GitError, match="cannot write to the folder of the mirrors"):
        await forge.mirror.log([forge.work.head()], forge.work.head(), limit=1, patch=True)
