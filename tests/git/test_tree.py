"""What the mirror tells of a head: which paths it has, and whether it conflicts; nothing is fetched for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.git import MirrorDamaged
from bot.git.mirror import Mirrors
from bot.git.tree import Ends, Trees
from bot.text.path_mentions import path_names
from tests.gitwork import REPOSITORY, Forge, running_forge


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


async def fetched(forge: Forge, mirrors: Mirrors | None = None) -> Ends:
    """Pushes what is checked out as the topic, and gives the ends of its pull request into `main`."""
    head = await forge.push("+HEAD:topic")
    base = forge.work.git("rev-parse", "main").decode().strip()
    mirror = (mirrors or forge.mirrors).mirror(REPOSITORY)
    await mirror.fetch({"refs/heads/main": base, "refs/heads/topic": head})
    return Ends(REPOSITORY, base, head, await mirror.merge_base(base, head))


def files(mirrors: Mirrors) -> set[Path]:
    return {path for path in mirrors.root.rglob("*") if path.is_file()}


async def diverged(forge: Forge, ours: str, theirs: str) -> Ends:
    """A base and a head that both change one file since they parted."""
    forge.work.commit("Begin", {"plan": "one\ntwo\nthree\nfour\nfive\n"})
    forge.work.git("switch", "--quiet", "--create", "topic")
    forge.work.commit("Topic", {"plan": theirs})
    forge.work.git("switch", "--quiet", "main")
    forge.work.commit("Main", {"plan": ours})
    await forge.push("+HEAD:main")
    forge.work.git("switch", "--quiet", "topic")
    return await fetched(forge)


async def test_a_path_is_there_as_a_file_a_folder_a_link_or_a_submodule(forge: Forge) -> None:
    forge.work.git("switch", "--quiet", "--create", "topic")
    forge.work.commit("Files", {"docs/ci/page.md": "x\n", "docs/other.md": "y\n", "app/[id]/page.ts": "z\n"})
    (forge.work.folder / "link").symlink_to("nowhere")
    forge.work.commit("Link")
    forge.work.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/sub")
    forge.work.git("commit", "--quiet", "-m", "Submodule")
    ends = await fetched(forge)
    names = (
        "docs/ci/page.md",
        "docs",
        "docs/ci",
        "docs/none.md",
        "docs/ci/page.md/x",
        "app/[id]/page.ts",
        "vendor/sub",
    )
    assert await Trees(forge.mirrors).paths(ends, names) == (
        {
            "docs/ci/page.md": True,
            "docs": True,
            "docs/ci": True,
            "docs/none.md": False,
            "docs/ci/page.md/x": False,
            "app/[id]/page.ts": True,
            "vendor/sub": True,
        },
        (),
    )


async def test_a_bare_name_is_there_wherever_a_file_is_called_so(forge: Forge) -> None:
    forge.work.commit("Deep", {"a/b/STATUS.md": "x\n"})
    found, _ = await Trees(forge.mirrors).paths(await fetched(forge), ("STATUS.md", "README.md", "TATUS.md", "none.md"))
    assert found == {"STATUS.md": True, "README.md": True, "TATUS.md": False, "none.md": False}


HOSTILE = (
    *("-d", "--help", "-r/x", ":x", ":(top)x", ":!x", ":/x", "*", "d*", "d[o]cs", "x@{1}", "x^{tree}", "x~1", "HEAD:x"),
    *("docs/\u017c\u00f3\u0142w.md", "a b/c d.md", "x\ty", "'x'", '"x"', "$(x)", "`x`", "x;y", "x\\y", "x" * 250),
)


async def test_hostile_names_are_looked_up_as_what_they_are(forge: Forge) -> None:
    forge.work.commit("Docs", {"docs/x.md": "x\n"})
    ends = await fetched(forge)
    assert (await Trees(forge.mirrors).paths(ends, HOSTILE)) == (dict.fromkeys(HOSTILE, False), ())
    forge.work.commit("All of them", {f"{name}/x" if name != "x\ty" else name: "x\n" for name in HOSTILE})
    ends = await fetched(forge)
    assert (await Trees(forge.mirrors).paths(ends, HOSTILE)) == (dict.fromkeys(HOSTILE, True), ())


async def test_a_name_that_git_would_take_for_a_commit_is_none(forge: Forge) -> None:
    ends = await fetched(forge)
    name = f"docs/x-g{ends.head[:12]}"
    assert await Trees(forge.mirrors).paths(ends, (name,)) == ({name: False}, ())


async def test_whatever_a_description_says_git_can_look_it_up(forge: Forge) -> None:
    ends = await fetched(forge)
    seen: list[str] = []

    @given(st.text(alphabet=st.sampled_from("ad/.-:@^~{}()[]!*? \u017c\u2028\U0001f331\ud800"), max_size=60))
    def gather(text: str) -> None:
        seen.extend(path_names(f"`{text}`") if text.isprintable() or "\ud800" not in text else ())

    gather()
    names = tuple(dict.fromkeys(name for name in seen if "\ud800" not in name))[:300]
    found, gaps = await Trees(forge.mirrors).paths(ends, names)
    assert (set(found), gaps) == (set(names), ())


async def test_a_large_file_is_there_though_it_was_not_fetched(forge: Forge, tmp_path: Path) -> None:
    forge.work.commit("Large", {"large.bin": b"\0" * 50_000})
    mirrors = forge.other(tmp_path / "small", file_bytes=1000)
    ends = await fetched(forge, mirrors)
    before = files(mirrors)
    assert await Trees(mirrors).paths(ends, ("large.bin",)) == ({"large.bin": True}, ())
    assert files(mirrors) == before


async def test_a_head_that_is_not_here_leaves_the_answers_unknown(forge: Forge) -> None:
    ends = await fetched(forge)
    absent = Ends(REPOSITORY, ends.base, "a" * 40, ends.base[::-1])
    trees = Trees(forge.mirrors)
    found, (gap,) = await trees.paths(absent, ("README.md",))
    assert (found, gap.what, gap.of) == ({}, "paths that the description names", "a" * 40)
    answer, (gap,) = await trees.conflict(absent)
    assert (answer, gap.what) == (None, "whether head and base conflict")


@pytest.mark.parametrize(
    ("ours", "theirs", "conflicts"),
    [
        ("one\n2\nthree\nfour\nfive\n", "one\nTWO\nthree\nfour\nfive\n", True),
        ("1\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\n5\n", False),
        ("one\n2\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfive\n", False),
    ],
)
async def test_git_tells_a_conflict_and_writes_nothing(forge: Forge, ours: str, theirs: str, conflicts: bool) -> None:
    ends = await diverged(forge, ours, theirs)
    before = files(forge.mirrors)
    assert await Trees(forge.mirrors).conflict(ends) == (conflicts, ())
    assert files(forge.mirrors) == before


async def test_a_head_that_has_its_base_cannot_conflict(forge: Forge) -> None:
    forge.work.commit("More", {"a": "1\n"})
    ends = await fetched(forge)
    ahead = Ends("nobody/none", ends.base, ends.head, ends.base)
    assert await Trees(forge.mirrors).conflict(ahead) == (False, ())


async def test_a_head_at_the_tip_of_its_base_is_fetched_and_conflicts_with_nothing(forge: Forge) -> None:
    ends = await fetched(forge)
    assert ends.base == ends.head
    assert await Trees(forge.mirrors).conflict(ends) == (False, ())


async def test_a_merge_is_tried_beside_a_mirror_of_any_name(forge: Forge, tmp_path: Path) -> None:
    mirrors = forge.other(tmp_path / 'a:b "c" \\d')
    ends = await diverged(forge, "one\n2\nthree\nfour\nfive\n", "one\nTWO\nthree\nfour\nfive\n")
    await fetched(forge, mirrors)
    assert await Trees(mirrors).conflict(ends) == (True, ())


async def test_a_file_deleted_here_and_changed_there_conflicts(forge: Forge) -> None:
    forge.work.git("switch", "--quiet", "--create", "topic")
    (forge.work.folder / "README.md").unlink()
    forge.work.commit("Gone")
    forge.work.git("switch", "--quiet", "main")
    forge.work.commit("Main", {"README.md": "# else\n"})
    await forge.push("+HEAD:main")
    forge.work.git("switch", "--quiet", "topic")
    assert await Trees(forge.mirrors).conflict(await fetched(forge)) == (True, ())


async def test_histories_that_share_nothing_are_no_conflict_and_no_peace(forge: Forge) -> None:
    forge.work.git("switch", "--quiet", "--orphan", "alone")
    forge.work.commit("Alone", {"x": "1\n"})
    answer, (gap,) = await Trees(forge.mirrors).conflict(await fetched(forge))
    assert (answer, "unrelated histories" in gap.why) == (None, True)


async def test_a_conflict_in_what_was_not_fetched_is_not_known_and_not_fetched(forge: Forge, tmp_path: Path) -> None:
    forge.work.commit("Begin", {"large": "x\n" * 50_000})
    await forge.push("+HEAD:main")
    forge.work.git("switch", "--quiet", "--create", "topic")
    forge.work.commit("Topic", {"large": "y\n" * 50_000})
    forge.work.git("switch", "--quiet", "main")
    forge.work.commit("Main", {"large": "z\n" * 50_000})
    await forge.push("+HEAD:main")
    forge.work.git("switch", "--quiet", "topic")
    mirrors = forge.other(tmp_path / "small", file_bytes=1000)
    ends = await fetched(forge, mirrors)
    before = files(mirrors)
    answer, gaps = await Trees(mirrors).conflict(ends)
    assert (answer, len(gaps), files(mirrors)) == (None, 1, before)


async def test_what_was_answered_is_not_asked_of_git_again(forge: Forge) -> None:
    ends = await diverged(forge, "one\n2\nthree\nfour\nfive\n", "one\nTWO\nthree\nfour\nfive\n")
    trees = Trees(forge.mirrors)
    first = await trees.paths(ends, ("README.md", "plan")), await trees.conflict(ends)
    (forge.mirror.folder / "HEAD").rename(forge.mirror.folder / "away")
    assert (await trees.paths(ends, ("README.md", "plan")), await trees.conflict(ends)) == first
    with pytest.raises(MirrorDamaged):
        await trees.paths(ends, ("plan",))
