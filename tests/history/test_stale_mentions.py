"""Documents that still name what was moved or deleted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.git.mirror import Mirrors
from bot.git.tree import Ends
from bot.history.stale_mentions import MOST, MOST_MOVED, READ, Mentions, left, mentions_in
from bot.model import ChangedFile, Mention
from bot.scan.scanner import Scanner
from tests.gitwork import REPOSITORY, Forge, running_forge
from tests.scan.compiled import scanner as compiled


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


def moved(old: str, new: str) -> ChangedFile:
    return ChangedFile(path=new, status="renamed", old_path=old)


def deleted(path: str) -> ChangedFile:
    return ChangedFile(path=path, status="deleted")


async def fetched(forge: Forge, files: dict[str, str | bytes], mirrors: Mirrors | None = None) -> Ends:
    """Pushes a commit with files as the topic."""
    base = forge.work.head()
    forge.work.commit("Topic", files)
    head = await forge.push("+HEAD:topic")
    await (mirrors or forge.mirrors).mirror(REPOSITORY).fetch({"refs/heads/main": base, "refs/heads/topic": head})
    return Ends(REPOSITORY, base, head, base)


def grepped(*lines: tuple[str, int, str]) -> bytes:
    return b"".join(f"{'a' * 40}:{file}\0{line}\0{text}\n".encode() for file, line, text in lines)


def named(text: str, *gone: str, file: str = "docs/guide/page.md") -> list[str]:
    return [one.path for one in mentions_in(grepped((file, 7, text)), gone)]


def test_what_was_moved_or_deleted_is_left_unless_something_lies_there_again() -> None:
    files = [
        moved("a", "b"),
        deleted("c"),
        ChangedFile(path="d", status="changed"),
        ChangedFile(path="f", status="copied", old_path="e"),
        moved("x", "y"),
        moved("y", "x"),
        deleted("g"),
        ChangedFile(path="g", status="added"),
    ]
    assert left(files) == ("a", "c")


@pytest.mark.parametrize(
    "text",
    [
        "see docs/old/plan.md.",
        "[plan](../old/plan.md#part)",
        "[plan](/docs/old/plan.md)",
        "`./../old/plan.md:12`",
        "<https://forge.example/o/r/src/branch/main/docs/old/plan.md>",
        "run **docs/old/plan.md**: now",
    ],
)
def test_a_document_names_a_path_from_the_top_from_itself_or_by_an_address(text: str) -> None:
    assert named(text, "docs/old/plan.md") == ["docs/old/plan.md"]


@pytest.mark.parametrize(
    "text",
    [
        "plan.md",
        "docs/older/plan.md",
        "other/docs/old/plan.md",
        "docs/old/plan.mdx",
        "xdocs/old/plan.md",
        "old/plan.md",
    ],
)
def test_another_path_of_that_name_is_no_mention(text: str) -> None:
    assert named(text, "docs/old/plan.md") == []


def test_a_bare_name_means_the_file_at_the_top_or_beside_the_document() -> None:
    assert named("run setup.py", "setup.py") == ["setup.py"]
    assert named("run setup.py", "docs/guide/setup.py") == ["docs/guide/setup.py"]
    assert named("see https://example.com/setup.py", "setup.py") == []


def test_output_that_was_cut_off_counts_as_far_as_it_goes() -> None:
    whole = grepped(("a.md", 1, "old.md"), ("b.md", 2, "old.md"))
    assert [one.file for one in mentions_in(whole[:-8], ["old.md"])] == ["a.md"]


def test_no_more_than_can_be_listed_are_told_and_a_line_counts_once() -> None:
    lines = [("a.md", line, "old.md old.md") for line in range(1, 100)]
    found = mentions_in(grepped(*lines), ["old.md"])
    assert (len(found), len(set(found))) == (MOST, MOST)


async def test_documents_of_the_head_are_searched_and_nothing_else(forge: Forge, scanner: Scanner) -> None:
    files: dict[str, str | bytes] = {
        "README.md": "one\nsee src/old.py\n",
        "docs/deep/page.RST": "`../../src/old.py`\n",
        "docs/conf.py": "# src/old.py\n",
        "src/new.py": "# src/old.py\n",
        "docs/image.png": b"\0src/old.py\n",
        "notes: a\tb.txt": "src/old.py\n",
    }
    ends = await fetched(forge, files)
    found, gaps = await Mentions(forge.mirrors, scanner).read(ends, [moved("src/old.py", "src/new.py")])
    assert gaps == ()
    assert found == tuple(
        Mention(path="src/old.py", file=file, line=line)
        for file, line in (("README.md", 2), ("docs/conf.py", 1), ("docs/deep/page.RST", 1), ("notes: a\\tb.txt", 1))
    )


async def test_names_that_are_patterns_or_options_are_searched_as_they_are(forge: Forge, scanner: Scanner) -> None:
    gone = ["-v", "a.*b.md", "[x].md", "", "--help.md"]
    ends = await fetched(forge, {"page.md": "-v\naxxb.md\nx.md\n[x].md\na.*b.md\n--help.md\n"})
    found, gaps = await Mentions(forge.mirrors, scanner).read(ends, [deleted(path) for path in gone if path])
    assert ([(one.path, one.line) for one in found], gaps) == ([("--help.md", 6), ("-v", 1), ("a.*b.md", 5)], ())


async def test_nothing_moved_costs_nothing_and_nothing_found_is_no_failure(forge: Forge, scanner: Scanner) -> None:
    ends = await fetched(forge, {"page.md": "x\n"})
    mentions = Mentions(forge.mirrors, scanner)
    nowhere = Ends("nobody/none", ends.base, ends.head, ends.base)
    assert await mentions.read(nowhere, [ChangedFile(path="page.md", status="changed")]) == ((), ())
    assert await mentions.read(ends, [deleted("none.md")]) == ((), ())


async def test_documents_too_large_to_be_here_are_told_and_the_others_read(
    forge: Forge, scanner: Scanner, tmp_path: Path
) -> None:
    mirrors = forge.other(tmp_path / "small", file_bytes=1000)
    ends = await fetched(forge, {"large.md": "old.md\n" * 1000, "page.md": "old.md\n"}, mirrors)
    mentions = Mentions(mirrors, scanner)
    found, (gap,) = await mentions.read(ends, [deleted("old.md")])
    assert [one.file for one in found] == ["page.md"]
    assert (gap.what, gap.why) == (
        "the search for mentions",
        "1 documents are too large to search, for example large.md",
    )


async def test_a_head_that_is_not_here_is_told(forge: Forge, scanner: Scanner) -> None:
    ends = await fetched(forge, {"page.md": "old.md\n"})
    absent = Ends(REPOSITORY, ends.base, "a" * 40, ends.base)
    found, (gap,) = await Mentions(forge.mirrors, scanner).read(absent, [deleted("old.md")])
    assert (found, gap.what) == ((), "the search for mentions")


async def test_more_lines_than_are_read_are_told(forge: Forge, scanner: Scanner) -> None:
    line = "xold.md" * 1000 + "\n"
    ends = await fetched(forge, {"a.md": "old.md\n" + line * (READ // len(line) + 1), "b.md": "old.md\n"})
    found, (gap,) = await Mentions(forge.mirrors, scanner).read(ends, [deleted("old.md")])
    assert [one.file for one in found] == ["a.md"]
    assert gap.why == "only the first 4 MiB of lines with such names are read"


async def test_more_moved_paths_than_are_looked_for_are_told(forge: Forge, scanner: Scanner) -> None:
    ends = await fetched(forge, {"page.md": "old-000.md\n"})
    files = [deleted(f"old-{number:03}.md") for number in range(MOST_MOVED + 1)]
    found, (gap,) = await Mentions(forge.mirrors, scanner).read(ends, files)
    assert (len(found), f"only {MOST_MOVED} of {MOST_MOVED + 1}" in gap.why) == (1, True)


async def test_what_was_found_is_not_searched_again(forge: Forge, scanner: Scanner) -> None:
    ends = await fetched(forge, {"page.md": "old.md\n"})
    mentions = Mentions(forge.mirrors, scanner)
    first = await mentions.read(ends, [deleted("old.md")])
    (forge.mirror.folder / "HEAD").rename(forge.mirror.folder / "away")
    assert await mentions.read(ends, [deleted("old.md")]) == first
    assert len(first[0]) == 1
