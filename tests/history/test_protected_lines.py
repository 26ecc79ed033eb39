"""The changed lines that name something protected, read with real git."""

import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.git import MirrorDamaged
from bot.git.mirror import Mirrors
from bot.git.tree import Ends
from bot.history.protected_lines import EACH, MOST, WHAT, ProtectedChanges, ProtectedLines, protected_names
from bot.model import ProtectedLine
from bot.policy import load
from bot.scan.scanner import Scanner
from tests.gitwork import REPOSITORY, Forge, running_forge
from tests.scan.compiled import scanner as compiled

NAME = "RUNNER_TOKEN"
Files = Mapping[str, str | bytes | None]


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with running_forge(tmp_path) as running:
        yield running


async def ends(forge: Forge, before: Files, after: Files, mirrors: Mirrors | None = None) -> Ends:
    """A main with the files before, and a topic that changes them; None deletes."""
    _commit(forge, before)
    base = await forge.push("+HEAD:main")
    forge.work.git("switch", "--quiet", "--create", "topic")
    _commit(forge, after)
    head = await forge.push("+HEAD:topic")
    mirror = (mirrors or forge.mirrors).mirror(REPOSITORY)
    await mirror.fetch({"refs/heads/main": base, "refs/heads/topic": head})
    return Ends(REPOSITORY, base, head, await mirror.merge_base(base, head))


def _commit(forge: Forge, files: Files) -> None:
    for path, content in files.items():
        if content is None:
            (forge.work.folder / path).unlink()
    forge.work.commit("Change", {path: content for path, content in files.items() if content is not None})


async def touched(forge: Forge, scanner: Scanner, before: Files, after: Files, *names: str) -> ProtectedChanges:
    return await ProtectedLines(forge.mirrors, scanner).read(await ends(forge, before, after), names or (NAME,))


def touch(path: str, line: int, name: str = NAME, *, removed: bool = False) -> ProtectedLine:
    return ProtectedLine(name=name, path=path, line=line, removed=removed)


async def test_added_and_removed_lines_are_told_with_their_numbers(forge: Forge, scanner: Scanner) -> None:
    before = {"run.sh": f"one\ntwo\nexport {NAME}\nfour\n", "docs/a.md": "a\n", "same.sh": f"{NAME}\nx\n"}
    after = {"run.sh": "new\none\ntwo\nfour\n", "docs/a.md": f"a\n\nuse `{NAME}`\n", "same.sh": f"{NAME}\ny\n"}
    found = await touched(forge, scanner, before, after)
    assert found == ProtectedChanges((touch("docs/a.md", 3), touch("run.sh", 3, removed=True)))


async def test_a_name_counts_as_a_whole_word(forge: Forge, scanner: Scanner) -> None:
    lines = [f"MY_{NAME}", f"{NAME}_FILE", f"{NAME}2", f"${{{NAME}}}", f"{NAME.lower()}", f"-{NAME}-", f"{NAME}.x"]
    found = await touched(forge, scanner, {"a": "x\n"}, {"b.sh": "\n".join(lines) + "\n"})
    assert [one.line for one in found.protected_lines] == [4, 6, 7]


async def test_names_may_hold_anything_but_blanks_and_be_parts_of_each_other(forge: Forge, scanner: Scanner) -> None:
    names = ("a.b", "a.b-c", "x[0]+(y)|z$", "grün")
    text = "axb\na.b-c\nx[0]+(y)|z$\nso grün!\n"
    found = await touched(forge, scanner, {"a": "x\n"}, {"b.sh": text}, *names)
    assert found.protected_lines == (
        touch("b.sh", 2, "a.b"),
        touch("b.sh", 2, "a.b-c"),
        touch("b.sh", 3, "x[0]+(y)|z$"),
        touch("b.sh", 4, "grün"),
    )


async def test_a_deleted_file_and_one_that_looks_binary_hide_nothing(forge: Forge, scanner: Scanner) -> None:
    before = {"old.sh": f"x\n{NAME}\n" + "y\n" * 20, "a": "x\n"}
    found = await touched(forge, scanner, before, {"old.sh": None, "blob.sh": f"\0\n{NAME}\n".encode()})
    assert found == ProtectedChanges((touch("blob.sh", 2), touch("old.sh", 2, removed=True)))


async def test_a_file_that_only_moves_touches_nothing(forge: Forge, scanner: Scanner) -> None:
    text = f"one\ntwo {NAME}\nthree\nfour\nfive\nsix\nseven\neight {NAME}\n"
    found = await touched(forge, scanner, {"old.sh": text}, {"old.sh": None, "new.sh": text.replace("eight ", "")})
    assert found.protected_lines == (touch("old.sh", 8, removed=True), touch("new.sh", 8))


async def test_odd_file_names_are_told_on_one_line(forge: Forge, scanner: Scanner) -> None:
    secret = "ghp" + "_" + secrets.token_hex(18)
    after = {"a b\n.sh": f"{NAME}\n", f"{secret}.sh": f"{NAME}\n", 'q"é.sh': f"{NAME}\n"}
    found = await touched(forge, scanner, {"a": "x\n"}, after)
    paths = sorted(one.path for one in found.protected_lines)
    assert [path for path in paths if "secret:" not in path] == ["a b\\n.sh", 'q"é.sh']
    assert len(paths) == 3
    assert secret not in str(found)


async def test_many_lines_are_cut_and_many_files_are_a_gap(forge: Forge, scanner: Scanner) -> None:
    found = await touched(forge, scanner, {"a": "x\n"}, {"b.sh": f"{NAME}\n" * 50})
    assert [one.line for one in found.protected_lines] == [*range(1, EACH + 1)]
    forge.work.git("switch", "--quiet", "main")
    forge.work.git("branch", "--delete", "--force", "topic")
    found = await touched(forge, scanner, {"a": "y\n"}, {f"f{at}.sh": f"{NAME}\n" for at in range(MOST + 1)})
    assert (len(found.protected_lines), [gap.what for gap in found.unseen]) == (MOST, [WHAT])


async def test_a_file_that_stays_on_the_server_is_a_gap_and_the_others_are_read(
    forge: Forge, scanner: Scanner, tmp_path: Path
) -> None:
    small = forge.other(tmp_path / "small", file_bytes=1000)
    at = await ends(forge, {"a": "x\n"}, {"large.bin": "x" * 5000, "b.sh": f"{NAME}\n"}, small)
    found = await ProtectedLines(small, scanner).read(at, (NAME,))
    assert found.protected_lines == (touch("b.sh", 1),)
    assert [(gap.what, gap.of) for gap in found.unseen] == [(WHAT, at.head)]
    assert "large.bin" in found.unseen[0].why


async def test_a_difference_over_the_limit_is_a_gap(forge: Forge, scanner: Scanner, tmp_path: Path) -> None:
    tight = forge.other(tmp_path / "tight", output_bytes=2000)
    at = await ends(forge, {"a": "x\n"}, {"b.sh": f"{NAME}\n" * 1000}, tight)
    found = await ProtectedLines(tight, scanner).read(at, (NAME,))
    assert (found.protected_lines, [gap.what for gap in found.unseen]) == ((), [WHAT])


async def test_without_a_common_ancestor_nothing_is_known(forge: Forge, scanner: Scanner) -> None:
    found = await ProtectedLines(forge.mirrors, scanner).read(Ends(REPOSITORY, "a" * 40, "b" * 40, ""), (NAME,))
    assert [gap.what for gap in found.unseen] == [WHAT]


async def test_no_names_and_known_answers_cost_nothing(forge: Forge, scanner: Scanner) -> None:
    at = await ends(forge, {"a": "x\n"}, {"b.sh": f"{NAME}\n"})
    protected_lines = ProtectedLines(forge.mirrors, scanner)
    first = await protected_lines.read(at, (NAME,))
    forge.mirror.folder.rename(forge.mirror.folder.with_name("elsewhere"))
    assert await protected_lines.read(at, (NAME,)) == first
    assert await protected_lines.read(at, ()) == ProtectedChanges()
    with pytest.raises(MirrorDamaged):
        await protected_lines.read(at, ("OTHER",))


def test_the_names_are_those_of_soaks_and_gates() -> None:
    policy = load(
        "soaks:\n- name: a\n  issue: 1\n  protects: {names: [BBB, AAA]}\n"
        "gates:\n- phrase: open-sesame\n  targets: [2]\n  protects: {names: [CCC, AAA]}\n"
    )
    assert protected_names(policy) == ("AAA", "BBB", "CCC")
    assert protected_names(load("")) == ()
