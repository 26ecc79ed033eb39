"""What a merge brought, as git tells: the commits that Forgejo names for it may be others."""

from dataclasses import replace

from bot.history.heads import Heads
from bot.history.merged import MergedCommits, merged_commits, on_base
from tests.history.pulls import Pull


async def merged(pull: Pull, *arguments: str) -> Heads:
    """Merges the branch into main, moves the branch away, and gives what the API tells then."""
    head = pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    pull.work.git("switch", "--quiet", "--detach", pull.base)
    pull.work.git("merge", "--quiet", *arguments, head)
    commit = await pull.push("HEAD:main")
    pull.work.git("switch", "--quiet", "--detach", pull.base)
    moved = pull.work.commit("Elsewhere", {"b": "2\n"})
    await pull.push("--force", "HEAD:topic")
    return replace(pull.heads(moved), base_ref="", merged=commit, merged_into="main", earlier=(head,))


async def test_the_head_of_a_merge_is_the_parent_of_its_commit(pull: Pull) -> None:
    heads = await merged(pull, "--no-ff", "--message", "Merge")
    (head,) = heads.earlier
    mirror = pull.forge.mirror
    await mirror.fetch({"refs/heads/main": heads.merged})
    found = await merged_commits(mirror, heads)
    assert found.heads[0] == head
    assert found.all == (*found.heads, heads.merged)


async def test_the_head_of_a_fast_forward_is_what_the_branch_became(pull: Pull) -> None:
    heads = await merged(pull, "--ff-only")
    mirror = pull.forge.mirror
    await mirror.fetch({"refs/heads/main": heads.merged})
    assert heads.merged in (await merged_commits(mirror, heads)).all


async def test_what_came_to_the_branch_after_the_merge_was_not_merged(pull: Pull) -> None:
    heads = await merged(pull, "--no-ff", "--message", "Merge")
    mirror = pull.forge.mirror
    await mirror.fetch({"refs/heads/main": heads.merged, "refs/heads/topic": heads.head})
    found = await merged_commits(mirror, heads)
    assert found.later == {heads.head}
    (head,) = heads.earlier
    assert (await merged_commits(mirror, replace(heads, head=head))).later == frozenset()


async def test_nobody_knows_what_was_merged_of_a_squash(pull: Pull) -> None:
    head = pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    pull.work.git("switch", "--quiet", "--detach", pull.base)
    commit = pull.work.commit("Squash", {"a": "1\n"})
    await pull.push("HEAD:main")
    mirror = pull.forge.mirror
    await mirror.fetch({"refs/heads/main": commit, "refs/heads/topic": head})
    heads = replace(pull.heads(head), base_ref="", merged=commit, merged_into="main")
    assert (await merged_commits(mirror, heads)).later == frozenset()


async def test_nothing_was_merged_without_a_merge(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    assert await merged_commits(pull.forge.mirror, pull.heads()) == MergedCommits()


async def test_a_head_is_found_on_the_base_branch_alone(pull: Pull) -> None:
    heads = await merged(pull, "--no-ff", "--message", "Merge")
    (head,) = heads.earlier
    mirror = pull.forge.mirror
    await mirror.fetch({"refs/heads/topic": heads.head})
    assert await on_base(mirror, replace(heads, head=head))
    assert head in await mirror.present([head])
    assert not await on_base(mirror, heads)
