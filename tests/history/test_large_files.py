"""Files that are too large to be read, and failures of git: gaps that take nothing else along."""

import secrets
from dataclasses import replace

import pytest

from bot.history.history import Histories, HistoryLimits
from tests.gitwork import REPOSITORY
from tests.history.pulls import Pull, Stumbling, places, token_line


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
