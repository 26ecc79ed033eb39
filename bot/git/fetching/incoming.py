"""A folder apart for what one git command receives, so that a command that is ended leaves nothing in a mirror.

For a fetch it is a bare repository of its own that borrows the mirror's objects (gitrepository-layout(5), alternates).
Its packs are moved into the mirror after the fetch is complete. The folder is locked while its process lives, so that
another process can tell a folder in use from one that a crash left behind.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.git.process import GitError

PREFIX = "incoming-"
BORROWED = ("objects/pack", "objects/info", "refs")
INDEX = ".idx"


@dataclass(frozen=True)
class Incoming:
    """The folder of one command."""

    path: Path
    mirror: Path

    @property
    def objects(self) -> Path:
        """The folder of the received objects."""
        return self.path / "objects"

    def size(self) -> int:
        """Return the bytes of all files so far."""
        return size_of(self.path)

    def environment(self) -> dict[str, str]:
        """Return what makes a command that reads the mirror write its objects here."""
        return objects_apart(self.objects, self.mirror)

    def borrow(self) -> None:
        """Make the folder a repository with the mirror's settings and objects, and without refs."""
        (self.path / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        shutil.copyfile(self.mirror / "config", self.path / "config")
        borrowed = f"{self.mirror.resolve() / 'objects'}\n"
        (self.objects / "info" / "alternates").write_bytes(os.fsencode(borrowed))

    def move(self) -> list[Path]:
        """Move all objects into the mirror, and return their names below its `objects`.

        An index comes after its pack, since git reads packs by their indexes.
        """
        target = self.mirror / "objects"
        names = [path.relative_to(self.objects) for path in self.objects.rglob("*") if path.is_file()]
        for name in sorted(names, key=lambda one: (one.suffix == INDEX, one.name)):
            if name.parts[0] != "info":
                (target / name.parent).mkdir(mode=0o700, exist_ok=True)
                (self.objects / name).replace(target / name)
        return names


@contextmanager
def incoming(root: Path, mirror: Path) -> Iterator[Incoming]:
    """Make a folder for one command and yield it; it is deleted afterwards, with all that was not moved.

    Raises GitError if the disk is full or the folder cannot be used.
    """
    with ExitStack() as closing:
        try:
            path = closing.enter_context(temporary_folder(root, PREFIX))
            for part in BORROWED:
                (path / part).mkdir(mode=0o700, parents=True)
            yield Incoming(path, mirror)
        except OSError as fault:
            raise GitError(f"cannot write to the folder of the mirrors ({fault.strerror}); check the disk") from None


@contextmanager
def temporary_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Make a folder that is locked while this process lives, and yield it; what was not moved away is deleted.

    Raises OSError.
    """
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    with ExitStack() as closing:
        closing.callback(shutil.rmtree, path, ignore_errors=True)
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        closing.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield path


def mirror_of(folder: Path) -> Path:
    """Return the mirror that a command reads in a folder: the folder itself, or the one that it borrows from."""
    if not folder.name.startswith(PREFIX):
        return folder
    try:
        return Path(os.fsdecode((folder / "objects" / "info" / "alternates").read_bytes().strip())).parent
    except OSError:
        return folder


def abandoned(path: Path) -> bool:
    """Return whether no living process uses the folder."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder. Files that disappear meanwhile do not count."""
    total, waiting = 0, [os.fspath(folder)]
    while waiting:
        with suppress(FileNotFoundError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                with suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def objects_apart(objects: Path, mirror: Path) -> dict[str, str]:
    """Return the environment in which git reads a mirror's objects, and writes new ones to another folder."""
    borrowed = str((mirror / "objects").resolve()).replace("\\", "\\\\").replace('"', '\\"')
    return {
        "GIT_OBJECT_DIRECTORY": str(objects.resolve()),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{borrowed}"',  # quoted, since colons separate the list
    }
