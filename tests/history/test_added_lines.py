"""The added lines of the net difference, masked and within limits."""

import secrets

from bot.history.history import Heads, Histories, History, HistoryLimits
from tests.history.pulls import Pull, Stumbling, token_line


def runs(history: History) -> list[tuple[str, int, str]]:
    return [(run.path, run.start, run.text) for run in history.added]


async def test_added_lines_are_those_of_the_net_difference(pull: Pull) -> None:
    pull.work.commit("Begin", {"a": "".join(f"{number}\n" for number in range(1, 10))})
    pull.base = await pull.forge.push("HEAD:main")
    pull.work.commit("One", {"a": "one\nnine\n", "tried": "x\n"})
    (pull.work.folder / "tried").unlink()
    pull.work.commit("Two", {"a": "0\n1\n2\n3\nfour\n5\n6\n7\n8\n9", "b/c": "new\nfile\n"})
    await pull.push()
    history = await pull.read()
    assert runs(history) == [("a", 1, "0"), ("a", 5, "four"), ("a", 10, "9"), ("b/c", 1, "new\nfile")]
    counts = [(file.path, file.added, file.removed) for file in history.files]
    assert (counts, history.added_cut) == ([("a", 3, 2), ("b/c", 2, 0)], False)


async def test_a_secret_in_added_lines_is_masked_on_its_own_line(pull: Pull) -> None:
    line = token_line()
    pull.work.commit("Add", {".env": f"A=1\n{line}B=2\n"})
    await pull.push()
    ((path, start, text),) = runs(await pull.read())
    assert (path, start, text.count("\n")) == (".env", 1, 2)
    assert "FORGEJO_TOKEN=[secret:" in text.split("\n")[1]
    assert line.strip()[-20:] not in text


async def test_a_secret_whose_name_was_taken_away_later_is_masked(pull: Pull) -> None:
    token = secrets.token_hex(20)
    pull.work.commit("Name it", {"a": f"FORGEJO_TOKEN={token}\n"})
    pull.work.commit("Hide the name", {"a": f"{token}\n"})
    await pull.push()
    history = await pull.read()
    assert token not in repr(history)
    assert history.added[0].text.startswith("[secret:")


async def test_large_files_have_no_added_lines_and_take_none_along(pull: Pull) -> None:
    large = secrets.token_hex(4000)
    files = {"gone": large, "shrinks": large[::-1], "moves": large[1:] + "\n", "swap/below": "1\n"}
    pull.work.commit("Begin", files)
    pull.base = await pull.forge.push("HEAD:main")
    for name in ("gone", "swap/below"):
        (pull.work.folder / name).unlink()
    (pull.work.folder / "swap").rmdir()
    pull.work.git("mv", "moves", "moved")
    pull.work.commit("Change", {"shrinks": "small\n", "comes": f"{large}x", "swap": large[2:], "small": "2\n"})
    await pull.push()
    history = await pull.read(file_bytes=1024)
    assert {file.path: (file.status, file.added, file.removed) for file in history.files} == {
        "comes": ("added", 0, 0),
        "gone": ("deleted", 0, 1),
        "moved": ("renamed", 0, 0),
        "shrinks": ("changed", 1, 1),
        "small": ("added", 1, 0),
        "swap": ("added", 0, 0),
        "swap/below": ("deleted", 0, 0),
    }
    assert [file.path for file in history.files] == sorted(file.path for file in history.files)
    assert (runs(history), history.added_cut) == ([("shrinks", 1, "small"), ("small", 1, "2")], True)


async def test_a_net_difference_over_the_limits_leaves_lines_out_and_fails_nothing(pull: Pull) -> None:
    pull.work.commit("Add", {f"file-{number}": "word\n" * 100 for number in range(4)})
    await pull.push()
    history = await pull.read(output_bytes=1800)
    assert [(file.path, file.added) for file in history.files] == [(f"file-{number}", 100) for number in range(4)]
    assert (runs(history)[:1], history.added_cut) == ([("file-0", 1, "\n".join(["word"] * 100))], True)
    history = await pull.read(files=2)
    assert ([file.path for file in history.files], history.added_cut) == (["file-0", "file-1"], True)
    assert {run.path for run in history.added} == {"file-0", "file-1"}
    told = [gap.why for gap in history.gaps if gap.what == "the list of changed files"]
    assert told == ["only 2 of 4 are checked"]


async def test_names_that_are_too_long_together_are_cut_and_said(pull: Pull) -> None:
    folder = "/".join(["d" * 200] * 15)
    pull.work.commit("Add", {f"{folder}/{number}": "" for number in range(250)})
    await pull.push()
    history = await pull.read()
    assert 0 < len(history.files) < 250
    assert f"only {len(history.files)} of 250 are checked" in {gap.why for gap in history.gaps}


async def test_a_net_difference_that_failed_is_read_again_at_the_next_look(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    histories = Histories(Stumbling(pull.forge, pull.root, "diff-tree"), pull.scanner, HistoryLimits())
    first, second = await histories.read(pull.heads()), await histories.read(pull.heads())
    assert ([file.path for file in first.files], first.added, first.added_cut) == (["a"], (), True)
    assert (runs(second), second.added_cut) == ([("a", 1, "1")], False)


async def test_what_is_remembered_is_bounded(pull: Pull) -> None:
    histories = Histories(pull.forge.mirrors, pull.scanner, HistoryLimits(), remembered=1200)
    heads, read = list[Heads](), list[History]()
    for number in range(3):
        pull.work.commit("More", {f"{number}.txt": "x" * 300})
        await pull.push()
        heads.append(pull.heads())
        read.append(await histories.read(heads[-1]))
    again = [await histories.read(one) for one in reversed(heads)][::-1]
    assert again == read
    assert [one is other for one, other in zip(again, read, strict=True)] == [False, False, True]
