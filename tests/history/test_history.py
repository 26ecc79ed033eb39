"""What a pull request's commits hold: every commit, dropped ones too, and what wasn't looked at."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.git import GitError
from bot.history import scope
from bot.history.heads import Heads, Moved, relevant
from bot.history.history import Histories, History, HistoryLimits
from bot.model import ChangedFile
from tests.gitwork import REPOSITORY
from tests.history.pulls import Pull, places, token_line


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
    with pytest.raises(Moved, match=r"does not provide commit aaaaaaaaaa, the head of workshop/garden!1; .*push"):
        await pull.read(head="a" * 40)


async def test_a_head_that_the_pull_requests_ref_lags_behind_is_fetched_by_its_id(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    pull.work.commit("Two", {".env": token_line()})
    head = await pull.forge.push("HEAD:refs/heads/elsewhere")
    history = await pull.read(head=head)
    assert [one.location.path for one in history.leaks] == [".env"]


async def fork_of(pull: Pull, *names: str) -> str:
    """A private fork of the repository, with the commits of the work tree; gives its name."""
    fork = "patchwarden-bot/garden"
    await pull.forge.sandbox.add_repo(fork, private=True)
    url = f"{pull.forge.sandbox.url.replace('//', f'//any:{pull.forge.token}@')}/{fork}.git"
    await asyncio.to_thread(pull.work.git, "push", "--quiet", url, *names)
    return fork


async def test_a_head_that_the_fork_alone_has_is_fetched_from_the_fork(pull: Pull, tmp_path: Path) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    head = pull.work.commit("Two", {".env": token_line(), "large.bin": secrets.token_bytes(5000)})
    heads = replace(pull.heads(head), origin=await fork_of(pull, "+HEAD:main"))
    mirrors = pull.forge.other(tmp_path / "mirrors", file_bytes=1024)
    history = await Histories(mirrors, pull.scanner, HistoryLimits()).read(heads)
    assert [one.location.path for one in history.leaks] == [".env"]
    assert [gap.what for gap in history.gaps] == ["file large.bin"]
    config = (mirrors.mirror(heads.repository).folder / "config").read_text(encoding="utf-8")
    assert "fork" not in config
    assert heads.origin not in config


async def test_a_head_that_neither_repository_has_is_looked_at_again(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    heads = replace(pull.heads("a" * 40), origin=await fork_of(pull, "+HEAD:main"))
    with pytest.raises(Moved, match="does not provide commit"):
        await Histories(pull.forge.mirrors, pull.scanner, HistoryLimits()).read(heads)


async def test_a_fork_that_is_gone_says_so(pull: Pull) -> None:
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    heads = replace(pull.heads("a" * 40), origin="nobody/garden")
    with pytest.raises(GitError, match="git fetch failed"):
        await Histories(pull.forge.mirrors, pull.scanner, HistoryLimits()).read(heads)


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


async def test_more_force_pushes_than_are_followed_are_a_gap(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "MAX_DROPPED_HEADS", 4)
    pull.work.commit("One", {"a": "1\n"})
    await pull.push()
    gaps = (await pull.read(*(f"{number:040x}" for number in range(1, 8)))).gaps
    assert (len(gaps), gaps[-1].what) == (5, "3 older heads of the branch")


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
