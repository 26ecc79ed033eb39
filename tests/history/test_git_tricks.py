"""Tricks of git that could hide a secret from who reads a branch, or have the reader run something."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.gitwork import Work
from tests.history.pulls import Pull, token_line

Trick = Callable[[Work, str], object]
pytestmark = pytest.mark.long

EVIL = "touch ran"


def ran(folder: Path) -> list[Path]:
    """The files that a command of a trick would have made."""
    return list(folder.rglob("ran"))


def with_files(**files: str) -> Trick:
    """The secret beside files of the repository that configure git. `_` stands for a dot, `__` for a slash."""
    named = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return lambda work, line: work.commit("Deploy", {**named, "deploy.env": line})


def attributes(rule: str) -> Trick:
    return with_files(_gitattributes=f"* {rule}\n")


def raw_commit(work: Work, line: str, header: bytes = b"", message: bytes = b"Deploy", tree: str = "") -> str:
    """A commit object written by hand, with the secret in its tree unless another tree is given."""
    work.write("deploy.env", line)
    work.git("add", "--all")
    made = tree or work.git("write-tree").decode().strip()
    who = b"codex <codex@example.invalid> 1772366400 +0000"
    lines = [f"tree {made}".encode(), f"parent {work.head()}".encode(), b"author " + who, b"committer " + who]
    body = b"\n".join([*lines, *filter(None, [header])]) + b"\n\n" + message
    sha = work.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=body).decode().strip()
    work.git("reset", "--quiet", "--hard", sha)
    return sha


def deep_folder(work: Work, line: str) -> None:
    work.commit("Deploy", {"/".join(["d"] * 120) + "/deploy.env": line})


def taken_back(work: Work, line: str) -> None:
    work.commit("Deploy", {"deploy.env": line})
    (work.folder / "deploy.env").unlink()
    work.commit("Clean")


def reverted_by_git(work: Work, line: str) -> None:
    work.commit("Deploy", {"deploy.env": line})
    work.git("revert", "--no-edit", "HEAD")


def renamed_later(work: Work, line: str) -> None:
    work.commit("Deploy", {"deploy.env": line + "x\n" * 40})
    work.git("mv", "deploy.env", "notes.txt")
    work.commit("Rename")


def copied_from_known(work: Work, line: str) -> None:
    known = "".join(f"line {number}\n" for number in range(200))
    work.commit("Base", {"known.txt": known})
    work.commit("Copy", {"copy.txt": known + line})


def replaced(work: Work, line: str) -> None:
    """`refs/replace` shows an innocent commit in place of the pushed one, to whoever honours it."""
    bad = work.commit("Deploy", {"deploy.env": line})
    work.git("switch", "--quiet", "--detach", "HEAD~1")
    good = work.commit("Deploy", {"deploy.env": "nothing\n"})
    work.git("switch", "--quiet", "--detach", bad)
    work.git("replace", bad, good)


def encoded_by_git(work: Work, line: str) -> None:
    """The work tree has UTF-16, and git stores UTF-8."""
    work.commit(
        "Deploy", {".gitattributes": "*.env working-tree-encoding=UTF-16\n", "deploy.env": line.encode("utf-16")}
    )


def evil_merge(work: Work, line: str) -> None:
    work.git("switch", "--quiet", "-c", "side")
    work.commit("Side", {"side.txt": "1\n"})
    work.git("switch", "--quiet", "-c", "topic-2", "HEAD~1")
    work.commit("Topic", {"topic.txt": "1\n"})
    work.git("merge", "--quiet", "--no-commit", "side")
    work.commit("Merge", {"deploy.env": line})


def merged_by_ours(work: Work, line: str) -> None:
    """The secret's branch is merged with the strategy `ours`: the net difference shows nothing of it."""
    work.git("switch", "--quiet", "-c", "side")
    work.commit("Side", {"deploy.env": line})
    work.git("switch", "--quiet", "-c", "topic-2", "HEAD~1")
    work.commit("Topic", {"topic.txt": "1\n"})
    work.git("merge", "--quiet", "--strategy=ours", "-m", "Merge", "side")


def unrelated_root(work: Work, line: str) -> None:
    """A second root commit is merged into the branch."""
    work.git("switch", "--quiet", "--orphan", "root")
    work.commit("Root", {"deploy.env": line})
    work.git("switch", "--quiet", "main")
    work.git("merge", "--quiet", "--allow-unrelated-histories", "-m", "Merge", "root")


def as_link(work: Work, line: str) -> None:
    (work.folder / "deploy.env").symlink_to(line.strip())
    work.commit("Link")


def odd_mode(work: Work, line: str) -> None:
    """An entry with the mode 100664, which git no longer writes."""
    blob = work.git("hash-object", "-w", "--stdin", stdin=line.encode())
    entry = b"100664 deploy.env\0" + bytes.fromhex(blob.decode().strip())
    tree = work.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=entry).decode().strip()
    raw_commit(work, "nothing\n", tree=tree)


def two_of_one_name(work: Work, line: str) -> None:
    """A tree with two entries of one name: a check-out shows only one of them."""
    blobs = [work.git("hash-object", "-w", "--stdin", stdin=text.encode()).decode().strip() for text in ("x\n", line)]
    entries = b"".join(b"100644 deploy.env\0" + bytes.fromhex(blob) for blob in blobs)
    tree = work.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=entries).decode().strip()
    raw_commit(work, "nothing\n", tree=tree)


def utf16(work: Work, line: str) -> None:
    work.commit("Deploy", {"deploy.env": line.encode("utf-16")})


def carriage_returns(work: Work, line: str) -> None:
    work.commit("Deploy", {"deploy.env": "first\r" + line.strip() + "\rlast"})


def hooks(work: Work, line: str) -> None:
    """Hooks and a configuration that whoever checks the branch out might run."""
    with_files(hooks__post_checkout=EVIL, hooks__reference_transaction=EVIL, config=f"[core]\nfsmonitor = {EVIL}\n")(
        work, line
    )


HIDING: Mapping[str, Trick] = {
    "binary attribute": attributes("binary"),
    "no diff": attributes("-diff"),
    "external diff": attributes("diff=hidden"),
    "text conversion": with_files(_gitattributes="* diff=secret\n", _gitconfig='[diff "secret"]\ntextconv = ' + EVIL),
    "filter": with_files(
        _gitattributes="* filter=evil\n", _gitconfig=f'[filter "evil"]\nsmudge = {EVIL}\nclean = {EVIL}'
    ),
    "working tree encoding": encoded_by_git,
    "export": attributes("export-ignore export-subst"),
    "ident": attributes("ident eol=crlf"),
    "merge driver": attributes("merge=evil"),
    "generated": attributes("linguist-generated linguist-vendored"),
    "ignore file": with_files(_gitignore="*\n!.gitignore\n!deploy.env\n", _gitleaksignore="*\n", _ignore="*\n"),
    "mail map": with_files(_mailmap="Nobody <x@example.invalid> <codex@example.invalid>\n"),
    "submodule configuration": with_files(_gitmodules=f'[submodule "x"]\npath = x\nurl = ext::sh -c {EVIL}\n'),
    "hooks": hooks,
    "deep folder": deep_folder,
    "taken back": taken_back,
    "reverted": reverted_by_git,
    "renamed later": renamed_later,
    "copied": copied_from_known,
    "replaced commit": replaced,
    "evil merge": evil_merge,
    "merged by ours": merged_by_ours,
    "unrelated root": unrelated_root,
    "symbolic link": as_link,
    "mode 100664": odd_mode,
    "two entries of one name": two_of_one_name,
    "UTF-16": utf16,
    "carriage returns": carriage_returns,
    "unknown header": lambda work, line: raw_commit(work, line, header=b"hidden yes\n of two lines"),
    "encoding header": lambda work, line: raw_commit(work, line, header=b"encoding UTF-16"),
    "signature": lambda work, line: raw_commit(
        work, line, header=b"gpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END"
    ),
    "message cut by NUL": lambda work, line: raw_commit(work, "x\n", message=b"Deploy\0" + line.encode()),
    "header with the secret": lambda work, line: raw_commit(work, "x\n", header=b"note " + line.strip().encode()),
    "message in another encoding": lambda work, line: raw_commit(
        work, "x\n", header=b"encoding ISO-2022-JP", message=b"\x1b$B" + line.encode()
    ),
}


@pytest.mark.parametrize("name", HIDING)
async def test_no_trick_of_git_hides_a_secret_or_runs_anything(pull: Pull, tmp_path: Path, name: str) -> None:
    HIDING[name](pull.work, token_line())
    await pull.push("+HEAD:refs/heads/topic")
    history = await pull.read()
    assert len({one.fingerprint for one in history.leaks}) == 1
    assert not ran(tmp_path)


@pytest.mark.parametrize("name", ["-x", "--upload-pack=touch ran", "HEAD", "a..b", "@{-1}", "$(touch ran)", "con:x"])
async def test_no_file_name_becomes_an_option_a_revision_or_a_command(pull: Pull, tmp_path: Path, name: str) -> None:
    pull.work.commit("Deploy", {f"folder/{name}": token_line()})
    await pull.push()
    assert [one.location.path for one in (await pull.read()).leaks] == [f"folder/{name}"]
    assert not ran(tmp_path)
