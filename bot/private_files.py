"""Files with secrets: those of the operator, which others must not be able to read, and those that the bot makes.

Accepted is a regular file of the running user with mode 0600 or stricter, and, as container platforms and systemd
provide secrets, a file of root that its group may read (0440). A symbolic link may lead to a file in its own folder or
below, as Kubernetes mounts secrets (`token` to `..data/token`); a link out of the folder is rejected.
"""

import os
import secrets
import stat
from pathlib import Path

ROOT = 0
PRIVATE = 0o177
"""Mode bits that a file of the running user must not have."""
GIVEN = 0o337
"""Mode bits that a file of root must not have: its group may read it, and nobody may write."""

MIN_SECRET = 8
"""Characters; the bot looks for its own secrets in all texts, and shorter ones would occur by chance."""


class ConfigError(ValueError):
    """An invalid setting; the text names it and says what to do."""


def read_private(path: Path, setting: str) -> str:
    """Return the text of a file that only the running user can read, or that root gave to its group.

    Raises ConfigError, which names the setting and says what to do, for any other file.
    """
    try:
        # Without O_NONBLOCK a pipe would block the start forever.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        file = os.fdopen(os.open(_within_its_folder(path, setting), flags), encoding="utf-8")
    except FileNotFoundError as fault:
        if len(path.parts) > 1:
            raise ConfigError(f"{setting}: cannot read {path}: {fault.strerror}") from None
        # The name is not shown: it may be the secret itself.
        raise ConfigError(
            f"{setting}: the current folder has no file of this name; use the path of a file, not the secret itself"
        ) from None
    except OSError as fault:
        raise ConfigError(f"{setting}: cannot read {path}: {fault.strerror}") from None
    except ValueError as fault:
        if isinstance(fault, ConfigError):
            raise
        raise ConfigError(f"{setting}: the path is not valid; it must not contain NUL characters") from None
    with file:
        _check(os.fstat(file.fileno()), path, setting)
        try:
            return file.read()
        except UnicodeDecodeError:
            raise ConfigError(f"{setting}: {path} is not UTF-8 text; write the secret into it again") from None


def check_secret(text: str, setting: str, what: str) -> None:
    """Raise ConfigError if a token, key or secret cannot be one; the text says why and does not show it."""
    if text.startswith("\ufeff"):
        problem = "begins with a byte-order mark; save the file as UTF-8 without it"
    elif any(sign.isspace() for sign in text):
        problem = f"contains spaces or a second line; use the {what} only, on one line"
    elif not (text.isascii() and text.isprintable()):
        problem = f"contains non-ASCII or control characters; copy the {what} again"
    elif len(text) < MIN_SECRET:
        problem = f"has fewer than {MIN_SECRET} characters; copy all of it"
    else:
        return
    raise ConfigError(f"{setting}: the {what} {problem}; use a readable file")


def _within_its_folder(path: Path, setting: str) -> Path:
    """Return the path without symbolic links. Raises OSError, and ConfigError if a link leads out of its folder."""
    try:
        real, folder = path.resolve(strict=True), path.parent.resolve(strict=True)
    except RuntimeError:  # how pathlib reports links in a circle
        raise ConfigError(f"{setting}: {path} is a link that leads to itself; write the file again") from None
    if path.is_symlink() and folder not in real.parents:
        raise ConfigError(
            f"{setting}: {path} is a link to a file outside its folder; use the path of that file, or copy it here"
        )
    return real


def _check(about: os.stat_result, path: Path, setting: str) -> None:
    mode = stat.S_IMODE(about.st_mode)
    if not stat.S_ISREG(about.st_mode):
        raise ConfigError(f"{setting}: {path} is not a regular file; write the secret into one")
    if about.st_uid not in {os.getuid(), ROOT}:
        raise ConfigError(f"{setting}: {path} is not owned by the user that runs assay, or by root; fix it with chown")
    if (about.st_uid == os.getuid() and not mode & PRIVATE) or (about.st_uid == ROOT and not mode & GIVEN):
        return
    if about.st_uid == os.getuid():
        raise ConfigError(f"{setting}: {path} has mode {mode:04o}; run chmod 600 {path}")
    raise ConfigError(
        f"{setting}: {path} belongs to root and has mode {mode:04o}; mount or install it with mode 0440 or 0400, "
        "for a group of the user that runs assay"
    )


def made(path: Path) -> str:
    """Return the secret stored at a path; generate one of 256 bits (hex, mode 0600) if there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not the process id: in a container it is the same after a crash, and so would be the name of a leftover file.
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return read_private(path, path.name)
