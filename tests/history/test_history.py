"""What a pull request's commits hold: every commit, dropped ones too, and what wasn't looked at."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.git.mirror import GitError, GitLimits, Mirrors
from bot.history.history import Heads, Histories, History, HistoryLimits, Moved, relevant
from bot.model import ChangedFile, Leak
from bot.scan.scanner import Scanner
from tests.gitwork import REPOSITORY, Forge, Work, running_forge
from tests.scan.compiled import scanner as compiled


@dataclass
class Pull:
    """One pull request of the branch `topic`, and how the bot reads it."""

    forge: Forge
    scanner: Scanner
    root: Path
    base: str
    opened: bool = False

    @property
    def work(self) -> Work:
        return self.forge.work

    async def push(self, *arguments: str) -> str:
        head = await self.forge.push(*(arguments or ("+HEAD:topic",)))
        if not self.opened:
            self.opened = True
            async with HttpxForgejo(self.forge.sandbox.url, self.forge.token) as client:
                body = {"title": "T", "base": "main", "head": "topic"}
                await client.post(f"/repos/{REPOSITORY}/pulls", body)
        return head

    def heads(self, head: str = "", *earlier: str) -> Heads:
        return Heads(REPOSITORY, 1, head or self.work.head(), self.base, "main", earlier=earlier)

    async def read(
        self, *earlier: str, head: str = "", commits: int = 500, files: int = 3000, **limits: Any
    ) -> History:
        mirrors = self.forge.other(self.root / secrets.token_hex(4), **limits)
        return await Histories(mirrors, self.scanner, HistoryLimits(commits, files)).read(self.heads(head, *earlier))


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return compiled()


@pytest.fixture
async def pull(tmp_path: Path, scanner: Scanner) -> AsyncIterator[Pull]:
    async with running_forge(tmp_path) as forge:
        yield Pull(forge, scanner, tmp_path / "mirrors-of-tests", forge.work.head())


def token_line() -> str:
    return f"FORGEJO_TOKEN={secrets.token_hex(20)}\n"


def places(found: tuple[Leak, ...]) -> list[tuple[str, str, int, str, bool]]:
    return [
        (one.location.where, one.location.path, one.location.line, one.location.commit, one.dropped) for one in found
    ]


async def test_commits_files_and_merge_base_are_told(pull: Pull) -> None:
    one = pull.work.commit("One\n\nwith a body\n", {"a": "1\n"})
    two = pull.work.commit("Two", {"a": "2\n", "README.md": "# more\n"})
    await pull.push()
    history = await pull.read()
    assert [(c.sha, c.author, c.message, c.parents, c.dropped) for c in history.commits] == [
        (two, "codex", "Two", (one,), False),
        (one, "codex", "One\n\nwith a body", (pull.base,), False),
    ]
    assert (history.merge_base, history.leaks, history.gaps) == (pull.base, (), ())
    assert [(file.path, file.status) for file in history.files] == [("README.md", "changed"), ("a", "added")]


async def test_a_secret_that_was_added_and_taken_out_again_is_found(pull: Pull) -> None:
    line = token_line()
    added = pull.work.commit("Configure", {"deploy/.env": f"A=1\nB=2\n{line}"})
    pull.work.commit("Oops", {"deploy/.env": "A=1\nB=2\n"})
    await pull.push()
    history = await pull.read()
    assert places(history.leaks) == [("diff", "deploy/.env", 3, added, False)]
    assert line.strip().partition("=")[2] not in repr(history)


@pytest.mark.parametrize(
    "name",
    ["package-lock.json", "node_modules/x/y.js", "vendor/a.go", "image.svg", "x b/gr\xfcn", "new\nline", "a.min.js"],
)
async def test_no_path_hides_a_secret(pull: Pull, name: str) -> None:
    pull.work.commit("Add", {name: token_line()})
    await pull.push()
    (leak,) = (await pull.read()).leaks
    assert (leak.location.path, leak.location.line) == (name.replace("\n", "\\n"), 1)


@pytest.mark.parametrize("around", [b"\x00%s\x00", b"\xff\xfe\x00\x01\n%s", b"\r\n%s\r\n", b"%s"])
async def test_no_binary_looks_hide_a_secret(pull: Pull, around: bytes) -> None:
    pull.work.write(".gitattributes", "* binary -diff -text export-ignore\n")
    pull.work.commit("Add", {"data.bin": around % token_line().strip().encode()})
    await pull.push()
    assert [one.location.path for one in (await pull.read()).leaks] == ["data.bin"]


async def test_a_secret_in_a_message_is_found_and_masked(pull: Pull) -> None:
    line = token_line()
    head = pull.work.commit(f"Use it\n\n{line}", {"a": "1\n"})
    await pull.push()
    history = await pull.read()
    assert places(history.leaks) == [("message", "", 0, head, False)]
    assert (line.strip()[-20:] in repr(history), "[secret:" in history.commits[0].message) == (False, True)


async def test_a_commit_that_a_force_push_dropped_is_read_as_dropped(pull: Pull) -> None:
    dropped = pull.work.commit("Leak", {".env": token_line()})
    await pull.push()
    pull.work.git("reset", "--quiet", "--hard", pull.base)
    head = pull.work.commit("Clean", {"a": "1\n"})
    await pull.push()
    history = await pull.read(dropped, pull.base, head, "0" * 40)
    assert places(history.leaks) == [("diff", ".env", 1, dropped, True)]
    assert {commit.sha: commit.dropped for commit in history.commits} == {head: False, dropped: True}
    assert [file.path for file in history.files] == ["a"]


async def test_a_commit_that_the_server_lost_is_a_gap(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    (gap,) = (await pull.read("f" * 40)).gaps
    assert gap.what == f"commit {'f' * 10}, dropped by a force-push"


async def test_a_merge_is_read_by_what_it_added_itself(pull: Pull) -> None:
    pull.work.git("switch", "--quiet", "-c", "topic")
    pull.work.commit("Topic", {"a": "1\n"})
    pull.work.git("switch", "--quiet", "main")
    pull.work.commit("Main", {"b": "2\n"})
    pull.base = await pull.forge.push("HEAD:main")
    pull.work.git("switch", "--quiet", "topic")
    pull.work.git("merge", "--quiet", "--no-commit", "main")
    merge = pull.work.commit("Merge", {"b": f"2\n{token_line()}"})
    await pull.push()
    history = await pull.read()
    assert places(history.leaks) == [("diff", "b", 2, merge, False)]
    assert [commit.message for commit in history.commits] == ["Merge", "Topic"]


async def test_an_oversized_file_is_a_gap_and_the_rest_is_still_read(pull: Pull) -> None:
    pull.work.commit("Large", {"large.bin": secrets.token_bytes(5000), ".env": token_line()})
    await pull.push()
    history = await pull.read(file_bytes=1024)
    assert [gap.what for gap in history.gaps] == ["file large.bin"]
    assert [one.location.path for one in history.leaks] == [".env"]


@pytest.mark.parametrize(
    ("limits", "what", "read"),
    [
        ({"commits": 2}, ["older commits"], 2),
        ({"commits": 3}, [], 3),
        ({"files": 2}, ["further commits", "the list of changed files"], 2),
        ({"files": 3}, [], 3),
        ({"output_bytes": 900}, ["the rest of the patch"], 2),
    ],
)
async def test_what_is_beyond_a_limit_is_a_gap(pull: Pull, limits: dict[str, Any], what: list[str], read: int) -> None:
    for number in range(3):
        pull.work.commit(f"Number {number}", {f"file-{number}": "x\n"})
    await pull.push()
    history = await pull.read(**limits)
    assert ([gap.what for gap in history.gaps], len(history.commits)) == (what, read)


async def test_a_branch_that_moved_meanwhile_is_looked_at_again(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    with pytest.raises(Moved, match="changed during the fetch"):
        await pull.read(head="a" * 40)


async def test_a_history_is_read_once(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    histories = Histories(pull.forge.mirrors, pull.scanner, HistoryLimits())
    first = await histories.read(pull.heads())
    await pull.forge.sandbox.stop()
    assert await histories.read(pull.heads()) is first


async def test_histories_that_share_nothing_are_a_gap(pull: Pull) -> None:
    pull.work.git("switch", "--quiet", "--orphan", "alone")
    pull.work.commit("Alone", {".env": token_line()})
    await pull.forge.push("HEAD:refs/heads/other")
    pull.work.git("switch", "--quiet", "main")
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    pull.work.git("switch", "--quiet", "alone")
    await pull.push()
    history = await pull.read()
    assert ([gap.what for gap in history.gaps], history.files) == (["the net difference"], ())
    assert len(history.leaks) == 1


async def test_paths_are_told_on_one_line(pull: Pull) -> None:
    pull.work.commit("One", {"new\nline\u202e": "1\n"})
    await pull.push()
    assert (await pull.read()).files == (
        ChangedFile(path="new\\nline\\u202e", status="added", old_mode="000000", new_mode="100644", added=1),
    )


def test_earlier_heads_are_taken_once_and_in_order() -> None:
    heads = Heads(REPOSITORY, 1, "h", "b", "main")
    assert relevant(heads, ["x", "h", "y", "x"]) == replace(heads, earlier=("x", "y"))


@pytest.mark.parametrize(
    ("header", "before"),
    [("encoding IBM037\n", b"Tidy up "), ("encoding UTF-16\n", b"Tidy up "), ("", b"Tidy up\x00"), ("", b"caf\xe9 ")],
    ids=["as EBCDIC", "as UTF-16", "behind a NUL", "as Latin 1"],
)
async def test_no_encoding_hides_a_part_of_a_message(pull: Pull, header: str, before: bytes) -> None:
    who = "codex <codex@example.invalid> 1772366400 +0000"
    tree = pull.work.git("rev-parse", "HEAD^{tree}").decode().strip()
    about = f"tree {tree}\nparent {pull.base}\nauthor {who}\ncommitter {who}\n{header}\n"
    stored = about.encode() + before + token_line().encode()
    sha = pull.work.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=stored).decode().strip()
    pull.work.git("reset", "--quiet", "--hard", sha)
    await pull.push()
    history = await pull.read()
    assert places(history.leaks) == [("message", "", 0, sha, False)]
    assert History(commits=history.commits).commits[0].message.encode()


async def test_a_merge_of_more_than_two_parents_is_a_gap(pull: Pull) -> None:
    tree = pull.work.git("rev-parse", "HEAD^{tree}").decode().strip()
    parents = [pull.work.commit(f"Side {number}") for number in range(3)]
    about = [argument for parent in parents for argument in ("-p", parent)]
    merge = pull.work.git("commit-tree", tree, *about, "-m", "Octopus").decode().strip()
    pull.work.git("reset", "--quiet", "--hard", merge)
    await pull.push()
    assert [gap.what for gap in (await pull.read()).gaps] == [f"what merge {merge[:10]} itself changed"]


async def test_more_force_pushes_than_are_followed_are_a_gap(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    gaps = (await pull.read(*(f"{number:040x}" for number in range(1, 54)))).gaps
    assert (len(gaps), gaps[-1].what) == (51, "3 older heads of the branch")


async def test_an_oversized_file_that_goes_away_is_no_gap(pull: Pull) -> None:
    large = secrets.token_hex(4000)
    pull.work.commit("Large", {"large": large, "other": large[::-1]})
    pull.base = await pull.forge.push("HEAD:main")
    (pull.work.folder / "large").unlink()
    pull.work.commit("Small", {"other": f"now small\n{token_line()}"})
    await pull.push()
    history = await pull.read(file_bytes=1024)
    assert ([one.location.path for one in history.leaks], history.gaps) == (["other"], ())


async def test_a_large_file_takes_nothing_along_that_has_its_name_or_its_commit(pull: Pull) -> None:
    large = secrets.token_bytes(5000)
    pull.work.commit("Large", {"deploy": large, "beside.env": token_line()})
    (pull.work.folder / "deploy").unlink()
    pull.work.commit("Small", {"deploy/x.env": token_line()})
    pull.work.commit("Alone", {"other.bin": large[::-1]})
    await pull.push()
    history = await pull.read(file_bytes=1024)
    assert [commit.message for commit in history.commits] == ["Alone", "Small", "Large"]
    assert [one.location.path for one in history.leaks] == ["deploy/x.env", "beside.env"]
    assert sorted(gap.what for gap in history.gaps) == ["file deploy", "file other.bin"]


async def test_who_accepts_a_large_file_accepts_no_other_of_that_name(pull: Pull) -> None:
    for content in ("a", "b"):
        pull.work.commit("Large", {"large.bin": content * 5000})
    await pull.push()
    gaps = (await pull.read(file_bytes=1024)).gaps
    blob = pull.work.git("rev-parse", "HEAD:large.bin").decode().strip()
    assert ([gap.what for gap in gaps], gaps[0].of) == (["file large.bin"] * 2, blob)
    assert gaps[0].fingerprint != gaps[1].fingerprint


async def test_a_patch_that_is_too_long_beside_large_files_is_a_gap(pull: Pull) -> None:
    for number in range(3):
        files = {f"large-{number}": secrets.token_hex(4000), f"small-{number}": "x\n" * 900}
        pull.work.commit(f"Number {number}", files)
    await pull.push()
    history = await pull.read(file_bytes=4000, output_bytes=5000)
    assert {gap.why for gap in history.gaps if gap.what.startswith("commit ")} == {
        "too many changes besides its large files"
    }
    assert len(history.commits) == 3


class Stumbling(Mirrors):
    """Git fails once at a command."""

    def __init__(self, forge: Forge, root: Path, command: str) -> None:
        super().__init__(root, forge.sandbox.url, lambda: forge.token, GitLimits())
        self.command = command

    async def run(self, folder: Path, *arguments: str, **how: Any) -> bytes:
        if arguments[0] == self.command:
            self.command = ""
            raise GitError("git took longer than 120 s and was ended")
        return await super().run(folder, *arguments, **how)


async def test_a_failure_of_git_is_forgotten_at_the_next_look(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    histories = Histories(Stumbling(pull.forge, pull.root, "log"), pull.scanner, HistoryLimits())
    first, second = await histories.read(pull.heads()), await histories.read(pull.heads())
    assert ([gap.what for gap in first.gaps], second.gaps) == (["the commits' patches"], ())


async def test_a_server_that_fails_is_not_taken_for_one_that_lost_a_commit(pull: Pull) -> None:
    dropped = pull.work.commit("Leak", {".env": token_line()})
    await pull.push()
    pull.work.git("reset", "--quiet", "--hard", pull.base)
    pull.work.commit("Clean", {"a": "1\n"})
    await pull.push()
    mirrors = Stumbling(pull.forge, pull.root, "")
    await mirrors.mirror(REPOSITORY).fetch({"refs/pull/1/head": pull.work.head(), "refs/heads/main": pull.base})
    mirrors.command = "fetch"
    histories = Histories(mirrors, pull.scanner, HistoryLimits())
    first, second = [await histories.read(pull.heads("", dropped)) for _ in range(2)]
    assert ([gap.what for gap in first.gaps], second.gaps) == (["earlier heads of the branch"], ())
    assert places(second.leaks) == [("diff", ".env", 1, dropped, True)]


async def test_heads_that_the_branch_grew_from_are_not_counted_as_dropped(pull: Pull) -> None:
    heads = [pull.work.commit(f"Number {number}", {"a": f"{number}\n"}) for number in range(60)]
    await pull.push()
    pull.base = await pull.forge.push("HEAD:main")
    pull.work.commit("New", {"b": "1\n"})
    await pull.push()
    history = await pull.read(*heads)
    assert (history.gaps, [commit.message for commit in history.commits]) == ((), ["New"])


async def test_secrets_are_measured_against_the_trunk_and_commits_against_the_base(pull: Pull) -> None:
    trunk = pull.base
    hidden = pull.work.commit("Hidden", {".env": token_line()})
    pull.base = await pull.forge.push("HEAD:staging")
    pull.work.commit("On top", {"a": "1\n"})
    await pull.push()
    heads = replace(pull.heads(), base_ref="staging", trunk=trunk, trunk_ref="main")
    history = await Histories(pull.forge.mirrors, pull.scanner, HistoryLimits()).read(heads)
    assert places(history.leaks) == [("diff", ".env", 1, hidden, False)]
    assert ([commit.message for commit in history.commits], history.merge_base) == (["On top"], pull.base)
    assert [file.path for file in history.files] == ["a"]


async def test_commits_that_the_trunk_has_are_told_and_not_searched_again(pull: Pull) -> None:
    pull.base = await pull.forge.push("HEAD:stable")
    line = token_line()
    pull.work.commit(f"Old\n\n{line}", {".env": line})
    trunk = await pull.forge.push("HEAD:main")
    pull.work.commit("New", {"a": "1\n"})
    await pull.push()
    heads = replace(pull.heads(), base_ref="stable", trunk=trunk, trunk_ref="main")
    history = await Histories(pull.forge.mirrors, pull.scanner, HistoryLimits()).read(heads)
    assert ([commit.message[:3] for commit in history.commits], history.leaks) == (["New", "Old"], ())
    assert line.strip()[-20:] not in repr(history)


async def test_a_secret_in_a_folders_name_is_found_once_and_shown_nowhere(pull: Pull) -> None:
    token = token_line().strip()
    head = pull.work.commit("Add", {f"{token}/{name}": "x\n" for name in "ab"} | {f"{token}/large": "y" * 5000})
    await pull.push()
    history = await pull.read(file_bytes=1024)
    ((where, path, line, commit, dropped),) = places(history.leaks)
    assert (where, line, commit, dropped) == ("path", 0, head, False)
    assert path.startswith("FORGEJO_TOKEN=[secret:")
    assert token[-20:] not in repr(history)
    assert len(history.files) == 3


@pytest.mark.parametrize("place", ["author", "committer", "note", "signature"])
async def test_no_part_of_a_commit_object_hides_a_secret(pull: Pull, place: str) -> None:
    token = token_line().strip()
    who = "codex <codex@example.invalid> 1772366400 +0000"
    tree = pull.work.git("rev-parse", "HEAD^{tree}").decode().strip()
    lines = {"author": f"author {who}", "committer": f"committer {who}"}
    lines |= {
        "note": "x-note none",
        "signature": "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----",
    }
    lines[place] = {"note": f"x-note {token}", "signature": f"gpgsig {token}"}.get(
        place, f"{place} c <{token}> 1772366400 +0000"
    )
    stored = f"tree {tree}\nparent {pull.base}\n" + "\n".join(lines.values()) + "\n\nMessage\n"
    sha = pull.work.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=stored.encode())
    pull.work.git("reset", "--quiet", "--hard", sha.decode().strip())
    await pull.push()
    history = await pull.read()
    assert places(history.leaks) == [("message", "", 0, sha.decode().strip(), False)]
    assert token[-20:] not in repr(history)


CONTEXTS = {
    "name above": ("env:\n- name: FORGEJO_TOKEN\n  value: {}\n", 3),
    "name on its own line": ('{{"a": 1,\n"forgejo_token":\n "{}"}}\n', 3),
}


@pytest.mark.parametrize("name", CONTEXTS)
async def test_a_secret_is_found_where_its_name_stands_on_a_line_that_did_not_change(pull: Pull, name: str) -> None:
    content, line = CONTEXTS[name]
    pull.work.commit("Begin", {"a.yml": content.format("changeme")})
    pull.base = await pull.forge.push("HEAD:main")
    head = pull.work.commit("Value", {"a.yml": content.format(secrets.token_hex(20))})
    await pull.push()
    assert places((await pull.read()).leaks) == [("diff", "a.yml", line, head, False)]


async def test_a_secret_that_stood_there_before_is_not_this_changes(pull: Pull) -> None:
    line = token_line()
    pull.work.commit("Begin", {".env": f"A=1\n{line}B=2\n"})
    pull.base = await pull.forge.push("HEAD:main")
    pull.work.commit("Around", {".env": f"A=2\n{line}B=3\n"})
    await pull.push()
    assert (await pull.read()).leaks == ()


async def test_of_a_flood_of_secrets_the_first_are_listed(pull: Pull) -> None:
    pull.work.commit("Flood", {f"{n}.env": "".join(token_line() for _ in range(480)) for n in range(5)})
    await pull.push()
    history = await pull.read()
    assert (len(history.leaks), [gap.what for gap in history.gaps]) == (2000, ["further secrets"])


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
