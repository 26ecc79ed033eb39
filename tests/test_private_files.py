"""Files with secrets: whose they may be, who may read them, and where links may lead."""

import os
import secrets
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.private_files import ConfigError, made, read_private

NOBODY = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")


def private(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    assert read_private(private(tmp_path, "x", mode), "SETTING") == "x"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o602, 0o700])
def test_a_file_open_to_others_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path, "x", mode)
    with pytest.raises(ConfigError, match=rf"SETTING: .* has mode {mode:04o}; run chmod 600 {path}"):
        read_private(path, "SETTING")


def symlink(folder: Path) -> Path:
    path = folder / "linked" / "token"
    path.parent.mkdir()
    path.symlink_to(private(folder, "x"))
    return path


def circle(folder: Path) -> Path:
    path = folder / "link"
    path.symlink_to(path)
    return path


def fifo(folder: Path) -> Path:
    path = folder / "pipe"
    os.mkfifo(path, 0o600)
    return path


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (symlink, "is a link to a file outside its folder; use the path of that file"),
        (circle, "is a link that leads to itself"),
        (fifo, "is not a regular file"),
        (lambda folder: folder / "x\0", "must not contain NUL"),
        (lambda folder: folder, "cannot read .*: Is a directory"),
        (lambda folder: folder / "none", "cannot read .*: No such file"),
    ],
    ids=["a link", "a circle", "a pipe", "a NUL", "a folder", "nothing"],
)
def test_what_is_no_plain_file_is_refused(tmp_path: Path, make: Callable[[Path], Path], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_private(make(tmp_path), "SETTING")


@as_root
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = private(tmp_path, "x")
    os.chown(path, 65534, 65534)
    with pytest.raises(ConfigError, match="not owned by the user that runs assay, or by root; fix it with chown"):
        read_private(path, "SETTING")


def test_a_file_that_is_no_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = private(tmp_path, "")
    path.write_bytes(b"\xff\xfesecret")
    with pytest.raises(ConfigError, match="is not UTF-8 text") as caught:
        read_private(path, "SETTING")
    assert "xff" not in str(caught.value)


def test_a_made_secret_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data" / "webhook.secret"
    first = made(path)
    assert (len(first.strip()), made(path)) == (64, first)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)] == [0o600, 0o700]
    assert [one.name for one in path.parent.iterdir()] == ["webhook.secret"]


def test_many_makers_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    path, found = tmp_path / "data" / "installation.key", list[str]()
    together = threading.Barrier(8)

    def make() -> None:
        together.wait()
        found.append(made(path))

    makers = [threading.Thread(target=make) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert (len(found), len(set(found))) == (8, 1)
    assert [one.name for one in path.parent.iterdir()] == ["installation.key"]


def kubernetes(folder: Path, mode: int) -> Path:
    """A folder as Kubernetes mounts a secret: `token` leads to `..data/token`, and `..data` to a dated folder."""
    dated = folder / "..2026_03_01"
    dated.mkdir()
    private(dated, "x", mode)
    (folder / "..data").symlink_to(dated.name)
    (folder / "token").symlink_to("..data/token")
    return folder / "token"


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_link_within_its_folder_is_followed_as_kubernetes_mounts_secrets(tmp_path: Path, mode: int) -> None:
    assert read_private(kubernetes(tmp_path, mode), "SETTING") == "x"


def test_a_link_that_a_folder_above_is_made_of_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "run").symlink_to("real")
    private(tmp_path / "real", "x")
    assert read_private(tmp_path / "run" / "token", "SETTING") == "x"


def test_a_kubernetes_file_that_all_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has mode 0644"):
        read_private(kubernetes(tmp_path, 0o644), "SETTING")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="assay-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def read_as_nobody(path: Path) -> str:
    """What a process of another user gets, a member of the group of the same number."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            answer = read_private(path, "SETTING")
        except ConfigError as fault:
            answer = str(fault)
        os.write(write, answer.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as answered:
        answer = answered.read()
    os.waitpid(child, 0)
    return answer


@as_root
@pytest.mark.parametrize(
    ("group", "mode", "told"),
    [
        (NOBODY, 0o440, "x"),
        (NOBODY, 0o444, "belongs to root and has mode 0444; mount or install it with mode 0440 or 0400"),
        (NOBODY, 0o460, "belongs to root and has mode 0460"),
        (0, 0o440, "cannot read"),
        (0, 0o600, "cannot read"),
    ],
)
def test_a_file_of_root_is_read_by_its_group_as_docker_and_systemd_provide_secrets(
    open_folder: Path, group: int, mode: int, told: str
) -> None:
    path = private(open_folder, "x", mode)
    os.chown(path, 0, group)
    assert told in read_as_nobody(path)


@as_root
def test_a_credential_of_systemd_is_read(open_folder: Path) -> None:
    folder = open_folder / "credentials" / "assay.service"
    folder.mkdir(parents=True)
    path = private(folder, "x", 0o440)
    os.chown(path, 0, NOBODY)
    folder.chmod(0o550)
    os.chown(folder, 0, NOBODY)
    assert read_as_nobody(path) == "x"


def test_a_secret_in_place_of_a_path_is_not_shown() -> None:
    token = secrets.token_hex(20)
    with pytest.raises(ConfigError, match="use the path of a file, not the secret itself") as caught:
        read_private(Path(token), "SETTING")
    assert token not in str(caught.value)
