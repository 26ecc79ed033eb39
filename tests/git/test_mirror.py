"""Mirrors: what is fetched and kept, what git is never given, and that every wait ends."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.git.mirror import Mirror, Mirrors
from bot.git.names import check_ref, check_sha
from bot.git.process import GitError, GitLimits, GitTooMuch
from tests.gitwork import REPOSITORY, Forge, running_forge

MAIN = "refs/heads/main"


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


async def test_what_was_fetched_is_here_and_asks_the_server_no_more(forge: Forge) -> None:
    head = forge.work.head()
    assert await present(forge.mirror, head) is False
    await forge.mirror.fetch({MAIN: head})
    assert await forge.mirror.present([head, "f" * 40, "no sha"]) == {head}
    await forge.sandbox.stop()
    await forge.mirror.fetch({MAIN: head})


async def present(mirror: Mirror, sha: str) -> bool:
    return mirror.folder.exists() and sha in await mirror.present([sha])


async def test_a_branch_that_moved_on_is_fetched_and_not_taken_for_what_was_asked(forge: Forge) -> None:
    asked = forge.work.head()
    forge.work.commit("More", {"a": "1\n"})
    moved = await forge.push("HEAD:main")
    await forge.mirror.fetch({MAIN: moved[::-1]})
    assert await forge.mirror.present([moved[::-1], moved]) == frozenset()
    await forge.mirror.fetch({MAIN: moved})
    assert await forge.mirror.present([moved]) == {moved}
    assert (await forge.mirror.merge_base(asked, moved), await forge.mirror.commits(moved, asked)) == (asked, (moved,))


async def test_the_token_lies_in_no_file_and_folders_are_private(forge: Forge) -> None:
    await forge.mirror.fetch({MAIN: forge.work.head()})
    files = [path for path in forge.mirrors.root.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if forge.token.encode() in path.read_bytes()] == []
    assert f"url = {forge.sandbox.url}/{REPOSITORY}.git" in (forge.mirror.folder / "config").read_text(encoding="utf-8")
    modes = {path.stat().st_mode & 0o777 for path in (forge.mirrors.root, forge.mirror.folder)}
    assert modes == {0o700}


@pytest.mark.parametrize(
    "name",
    [
        "--upload-pack=x",
        "../x",
        "x/..",
        "./x",
        "$(x)/y",
        "a/b/c",
        "a",
        "/a",
        "a/",
        "a b/c",
        "a/b\n",
        "ä/b",
        "a/" + "b" * 101,
    ],
)
async def test_names_that_no_server_gives_are_refused(forge: Forge, name: str) -> None:
    with pytest.raises(GitError, match="is not a valid repository name"):
        forge.mirrors.mirror(name)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "main",
        "--upload-pack=x",
        *(f"refs/heads/{name}" for name in ("a..b", "a b", "a:b", "*", "a\x00", "a.lock", "a.lock/b", "a//b", "")),
        *(f"refs/heads/{name}" for name in ("@{1}", "a\\b", "a^", "a~1", "a\nb", "/a")),
    ],
)
def test_what_is_no_ref_name_is_refused(ref: str) -> None:
    with pytest.raises(GitError, match="is not a ref name"):
        check_ref(ref)


@pytest.mark.parametrize(
    "ref", [MAIN, "refs/pull/1/head", "refs/heads/$(touch${IFS}x)", "refs/heads/ü/ñ", "refs/heads/a'b"]
)
def test_odd_branch_names_are_only_names(ref: str) -> None:
    assert check_ref(ref) == ref


@pytest.mark.parametrize("sha", ["", "HEAD", "a" * 39, "A" * 40, "a" * 41, "--all", "a" * 40 + "\n", "g" * 40])
async def test_what_is_no_commit_id_never_reaches_git(forge: Forge, sha: str) -> None:
    head = forge.work.head()
    with pytest.raises(GitError, match="is not a commit id"):
        check_sha(sha)
    for call in (forge.mirror.commits(sha, head), forge.mirror.raw_diff(head, sha), forge.mirror.left_out([sha], head)):
        with pytest.raises(GitError, match="is not a commit id"):
            await call
    with pytest.raises(GitError, match="is not a commit id"):
        await forge.mirror.fetch({MAIN: sha})
    assert check_sha("a" * 64) == "a" * 64


async def test_an_older_head_stays_readable_after_a_force_push(forge: Forge, tmp_path: Path) -> None:
    base = forge.work.head()
    dropped = forge.work.commit("Dropped", {"a": "was here\n"})
    await forge.push("HEAD:topic")
    await forge.mirror.fetch({"refs/heads/topic": dropped, MAIN: base})
    forge.work.git("reset", "--quiet", "--hard", base)
    head = forge.work.commit("Kept", {"b": "2\n"})
    await forge.push("+HEAD:topic")
    await forge.mirror.fetch({"refs/heads/topic": head})
    await forge.mirrors.run(forge.mirror.folder, "gc", "--quiet", "--prune=now")
    assert b"was here" in await forge.mirror.log([head, dropped], base, limit=9, patch=True)
    later = forge.other(tmp_path / "later").mirror(REPOSITORY)
    await later.fetch({MAIN: base, "refs/heads/topic": head})
    assert await later.fetch_commits([dropped, "f" * 40, head, "0" * 40]) == ("f" * 40,)
    assert b"was here" in await later.log([dropped], base, limit=9, patch=True)


async def test_an_oversized_file_stays_on_the_server_and_is_named(forge: Forge, tmp_path: Path) -> None:
    base = forge.work.head()
    forge.work.commit("Large", {"large.bin": secrets.token_hex(4000), "small": "s\n"})
    head = await forge.push("HEAD:topic")
    blob = forge.work.git("rev-parse", "HEAD:large.bin").decode().strip()
    mirrors = forge.other(tmp_path / "small", file_bytes=1000)
    mirror = mirrors.mirror(REPOSITORY)
    await mirror.fetch({MAIN: base, "refs/heads/topic": head})
    assert await mirror.left_out([head], base) == {blob}
    log = await mirror.patches([head], ["large.bin"])
    assert (b"small" in log, b"+++ b/large.bin" in log) == (True, False)
    await mirror.raw_diff(base, head)
    with pytest.raises(GitError, match="git diff-tree failed"):
        await mirror.net_diff(base, head)
    assert b"small" in await mirror.net_diff(base, head, ["large.bin"])
    small = forge.work.git("rev-parse", "HEAD:small").decode().strip()
    assert await mirror.blobs_here([blob, small]) == {small}
    assert await mirror.blobs_here([]) == frozenset()
    local = await mirrors.run(mirror.folder, "cat-file", "--batch-all-objects", "--batch-check")
    assert blob.encode() not in local


async def test_nothing_is_left_out_of_small_changes(forge: Forge) -> None:
    base = forge.work.head()
    forge.work.commit("Small", {"a": "1\n"})
    head = await forge.push("HEAD:topic")
    await forge.mirror.fetch({MAIN: base, "refs/heads/topic": head})
    assert await forge.mirror.left_out([head], base) == frozenset()


async def test_histories_that_share_nothing_have_no_base(forge: Forge) -> None:
    base = forge.work.head()
    forge.work.git("switch", "--quiet", "--orphan", "alone")
    alone = forge.work.commit("Alone", {"x": "1\n"})
    await forge.push("HEAD:alone")
    await forge.mirror.fetch({MAIN: base, "refs/heads/alone": alone})
    assert await forge.mirror.merge_base(alone, base) == ""


async def test_output_over_the_limit_is_an_error_that_keeps_what_came(forge: Forge, tmp_path: Path) -> None:
    base = forge.work.head()
    forge.work.commit("Long", {"long": "word\n" * 200_000})
    head = await forge.push("HEAD:topic")
    mirror = forge.other(tmp_path / "short", output_bytes=100_000).mirror(REPOSITORY)
    await mirror.fetch({MAIN: base, "refs/heads/topic": head})
    with pytest.raises(GitTooMuch, match="git log printed more than") as caught:
        await mirror.log([head], base, limit=9, patch=True)
    assert 100_000 < len(caught.value.output) < 1_000_000
    assert caught.value.output.startswith(f"\x00{head}".encode())


async def test_a_refusal_is_told_without_the_token(forge: Forge, tmp_path: Path) -> None:
    wrong = secrets.token_hex(20)
    mirror = forge.other(tmp_path / "wrong", wrong).mirror(REPOSITORY)
    with pytest.raises(GitError, match=r"git fetch failed with status 128: .*fatal: ") as caught:
        await mirror.fetch({MAIN: "a" * 40})
    assert wrong not in str(caught.value)


async def test_two_looks_at_once_make_one_mirror(forge: Forge) -> None:
    head = forge.work.head()
    await asyncio.gather(*(forge.mirror.fetch({MAIN: head}) for _ in range(4)))
    assert await forge.mirror.present([head]) == {head}


async def test_settings_of_the_one_who_starts_the_bot_do_not_reach_git(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    (forge.mirrors.root / ".gitconfig").write_text("[broken\n", encoding="utf-8")
    mirror, head = forge.mirrors.mirror(REPOSITORY), (forge.sandbox.url, MAIN)
    with pytest.raises(GitError, match="fatal"):
        await mirror.fetch({"refs/heads/none": "a" * 40})
    assert (mirror.folder / "config").exists(), head


async def test_a_fetch_that_was_given_up_at_any_moment_breaks_no_later_one(forge: Forge) -> None:
    head = forge.work.head()
    for step in range(1, 16):
        mirror = forge.other(forge.mirrors.root / f"try-{step}").mirror(REPOSITORY)
        fetch = asyncio.create_task(mirror.fetch({MAIN: head}))
        await asyncio.wait([fetch], timeout=step * 0.002)
        fetch.cancel()
        await asyncio.gather(fetch, return_exceptions=True)
        await mirror.fetch({MAIN: head})
        assert await mirror.present([head]) == {head}
        assert "promisor = true" in (mirror.folder / "config").read_text(encoding="utf-8")


async def test_a_mirror_that_was_left_half_made_is_made_again(forge: Forge) -> None:
    head = forge.work.head()
    forge.mirror.folder.mkdir(parents=True)
    (forge.mirror.folder / "config").write_text("[core]\n\tbare = true\n", encoding="utf-8")
    (forge.mirror.folder / "config.lock").touch()
    await forge.mirror.fetch({MAIN: head})
    assert await forge.mirror.present([head]) == {head}
    assert [path.name for path in forge.mirror.folder.parent.iterdir()] == ["garden.git"]


async def test_lock_files_of_a_git_that_was_killed_hold_up_one_fetch_at_most(forge: Forge) -> None:
    await forge.mirror.fetch({MAIN: forge.work.head()})
    forge.work.commit("More", {"a": "1\n"})
    head = await forge.push("HEAD:main")
    lock = forge.mirror.folder / "refs" / "assay" / "seen" / f"{head}.lock"
    lock.touch()
    with pytest.raises(GitError, match="git update-ref failed"):
        await forge.mirror.fetch({MAIN: head})
    await forge.mirror.fetch({MAIN: head})
    assert await forge.mirror.present([head]) == {head}
    assert not lock.exists()


async def test_what_a_tip_grew_from_is_told_from_what_was_dropped_or_is_not_here(forge: Forge) -> None:
    base = forge.work.head()
    dropped = forge.work.commit("Dropped", {"a": "1\n"})
    await forge.push("HEAD:topic")
    await forge.mirror.fetch({MAIN: base, "refs/heads/topic": dropped})
    forge.work.git("reset", "--quiet", "--hard", base)
    older, head = forge.work.commit("Older"), forge.work.commit("Newer")
    await forge.push("+HEAD:topic")
    await forge.mirror.fetch({"refs/heads/topic": head})
    asked = [base, dropped, older, head, "f" * 40]
    assert await forge.mirror.apart(asked, [head, base]) == (dropped, "f" * 40)
    assert await forge.mirror.apart(["f" * 40], [head]) == ("f" * 40,)


async def test_a_server_that_is_away_lost_no_commit(forge: Forge) -> None:
    await forge.mirror.fetch({MAIN: forge.work.head()})
    await forge.sandbox.stop()
    with pytest.raises(GitError, match="git fetch failed"):
        await forge.mirror.fetch_commits(["f" * 40])


class OldGit(Mirrors):
    """A git that does not know the option."""

    async def run(self, folder: Path, *arguments: str, **how: Any) -> bytes:
        if "--object-format=sha256" in arguments:
            raise GitError("git init failed with status 129: error: unknown option `object-format=sha256'", 129)
        return await super().run(folder, *arguments, **how)


@pytest.fixture
async def forge_256(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path, object_format="sha256") as running:
        yield running


async def test_a_sha_256_repository_is_mirrored(forge_256: Forge) -> None:
    base, mirror = forge_256.work.head(), forge_256.mirror
    dropped = forge_256.work.commit("Dropped", {"a": "was here\n"})
    await forge_256.push("HEAD:topic")
    head = forge_256.work.commit("More", {"b": "1\n"})
    await forge_256.push("HEAD:other")
    await mirror.fetch({"refs/heads/other": head, MAIN: base})
    assert len(head) == 64
    assert await mirror.present([head, base]) == {head, base}
    assert await mirror.commits(head, base) == (head, dropped)
    assert await mirror.fetch_commits([dropped, "f" * 64, "f" * 40, "0" * 64, "0" * 40]) == ("f" * 64, "f" * 40)
    assert b"was here" in await mirror.log([head], base, limit=9, patch=True)
    assert await mirror.present([head]) == {head}


async def test_a_mirror_of_the_other_hash_function_is_made_again(forge_256: Forge) -> None:
    folder, head = forge_256.mirror.folder, forge_256.work.head()
    folder.mkdir(parents=True)
    await forge_256.mirrors.run(folder, "init", "--quiet", "--bare", ".")
    await forge_256.mirrors.run(folder, "config", "remote.origin.partialclonefilter", "blob:none")
    await forge_256.mirror.fetch({MAIN: head})
    assert await forge_256.mirror.present([head]) == {head}
    made = (folder / "config").stat().st_mtime_ns
    await forge_256.mirror.fetch({MAIN: head})
    await forge_256.mirror.fetch_commits(["f" * 40])
    assert (folder / "config").stat().st_mtime_ns == made


async def test_a_git_without_sha_256_is_named_with_what_to_do(forge_256: Forge, tmp_path: Path) -> None:
    old = OldGit(tmp_path / "old", forge_256.sandbox.url, lambda: forge_256.token, GitLimits())
    with pytest.raises(GitError, match=r"SHA-256 object ids, which the installed git cannot store; .* install git"):
        await old.mirror(REPOSITORY).fetch({MAIN: forge_256.work.head()})


async def test_a_folder_that_cannot_be_used_is_not_taken_for_an_old_git(forge_256: Forge) -> None:
    class FullDisk(Mirrors):
        async def run(self, folder: Path, *arguments: str, **how: Any) -> bytes:
            if "init" in arguments:
                raise GitError("git init failed with status 128: fatal: No space left on device", 128)
            return await super().run(folder, *arguments, **how)

    full = FullDisk(forge_256.mirrors.root / "full", forge_256.sandbox.url, lambda: forge_256.token, GitLimits())
    with pytest.raises(GitError, match="No space left"):
        await full.mirror(REPOSITORY).fetch({MAIN: forge_256.work.head()})
