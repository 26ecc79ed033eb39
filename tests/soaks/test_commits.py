"""What git tells of commits that evidence names, with a real server and real git."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.git.process import GitError
from bot.model import CommitSeen
from bot.soaks.commits import MORE, MOST, NO_TIP, Branch, SoakCommits
from tests.gitwork import REPOSITORY, Forge, running_forge


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


def branch(tip: str, **merges: str) -> Branch:
    return Branch(REPOSITORY, "main", tip, {int(name.removeprefix("n")): sha for name, sha in merges.items()})


async def history(forge: Forge) -> tuple[str, str, str]:
    """Three commits on main; the second and the third merge pull requests 7 and 8."""
    first = forge.work.head()
    second = forge.work.commit("Merge 7")
    third = forge.work.commit("Merge 8")
    await forge.push("HEAD:main")
    return first, second, third


async def test_a_commit_of_the_branch_is_told_with_the_merges_before_it(forge: Forge) -> None:
    first, second, third = await history(forge)
    commits = SoakCommits(forge.mirrors)
    assert await commits.read(branch(third, n7=second, n8=third), [third, first, second, third]) == (
        CommitSeen(sha=third, on_default=True, pulls=(7, 8)),
        CommitSeen(sha=first, on_default=True),
        CommitSeen(sha=second, on_default=True, pulls=(7,)),
    )


async def test_a_commit_beside_the_branch_is_not_on_it(forge: Forge) -> None:
    _, second, third = await history(forge)
    beside = forge.work.commit("Beside")
    await forge.push("HEAD:topic")
    commits = SoakCommits(forge.mirrors)
    assert await commits.read(branch(third, n7=second), [beside]) == (CommitSeen(sha=beside, on_default=False),)
    await forge.mirror.fetch({"refs/heads/topic": beside})
    assert await commits.read(branch(third, n7=second), [beside]) == (
        CommitSeen(sha=beside, on_default=False, pulls=(7,)),
    )


async def test_what_is_no_commit_is_not_on_the_branch(forge: Forge) -> None:
    *_, third = await history(forge)
    tree = forge.work.git("rev-parse", "HEAD^{tree}").decode().strip()
    names = ["z" * 40, "f" * 40, "0" * 40, "", tree, third[:10], third.upper()]
    found = await SoakCommits(forge.mirrors).read(branch(third), names)
    assert [seen.on_default for seen in found] == [False, False, False, False, False, None, False]
    assert "short commit id" in found[5].unknown


async def test_a_merge_commit_that_is_no_id_is_in_nothing(forge: Forge) -> None:
    *_, third = await history(forge)
    (seen,) = await SoakCommits(forge.mirrors).read(branch(third, n7="", n8="--all", n9="f" * 40), [third])
    assert seen == CommitSeen(sha=third, on_default=True)


async def test_a_forced_push_takes_commits_off_the_branch(forge: Forge) -> None:
    first, second, third = await history(forge)
    commits = SoakCommits(forge.mirrors)
    await commits.read(branch(third, n7=second), [third])
    forge.work.git("reset", "--hard", "--quiet", first)
    other = forge.work.commit("Another way")
    await forge.push("+HEAD:main")
    (seen,) = await commits.read(branch(other, n7=second), [third])
    assert seen == CommitSeen(sha=third, on_default=False, pulls=(7,))


async def test_what_is_known_costs_no_git(forge: Forge) -> None:
    first, second, third = await history(forge)
    commits = SoakCommits(forge.mirrors)
    found = await commits.read(branch(third, n7=second), [first, third])
    await forge.sandbox.stop()
    forge.mirror.folder.rename(forge.mirror.folder.with_name("elsewhere"))
    assert await commits.read(branch(third, n7=second), [first, third]) == found


async def test_what_git_cannot_tell_is_unknown_and_asked_for_again(forge: Forge) -> None:
    *_, third = await history(forge)
    commits = SoakCommits(forge.mirrors)
    port = int(forge.sandbox.url.rpartition(":")[2])
    await forge.sandbox.stop()
    (seen,) = await commits.read(branch(third), [third])
    assert (seen.on_default, "git fetch failed" in seen.unknown) == (None, True)
    with pytest.raises(GitError):
        await commits.read(branch(third), [third], patient=True)
    await forge.sandbox.start(port=port)
    assert await commits.read(branch(third), [third]) == (CommitSeen(sha=third, on_default=True),)


async def test_a_tip_that_is_gone_says_nothing_of_a_commit(forge: Forge) -> None:
    *_, third = await history(forge)
    (seen,) = await SoakCommits(forge.mirrors).read(branch("e" * 40), [third])
    assert (seen.on_default, "the default branch moved during the fetch" in seen.unknown) == (None, True)


async def test_without_a_branch_nothing_is_known(forge: Forge) -> None:
    (seen,) = await SoakCommits(forge.mirrors).read(branch(""), ["a" * 40])
    assert (seen.on_default, seen.unknown) == (None, NO_TIP)


async def test_no_more_than_so_many_commits_are_looked_at(forge: Forge) -> None:
    tip = forge.work.head()
    names = [f"{at:040x}" for at in range(MOST + 2)]
    found = await SoakCommits(forge.mirrors).read(branch(tip), names)
    assert [seen.unknown for seen in found] == [""] * MOST + [MORE] * 2
