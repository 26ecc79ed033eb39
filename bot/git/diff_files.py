"""Lists the files that a unified diff changes, without a file list from git.

Names come from lines with one name, if possible. A `diff --git` line has two names and is split in its middle.
"""

import re
from collections.abc import Iterator

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from bot.git.diff import FILE, HEADER, DiffError, unquote
from bot.model import ChangedFile

_FACT = re.compile(
    r"(?m)^(old mode|new mode|new file mode|deleted file mode|rename from|rename to|copy from|copy to) (.*)$"
)
_MODE = re.compile(r"(?m)^index [0-9a-f]+\.\.[0-9a-f]+ (\d{6})$")
_GIT = "diff --git "
_NONE = "/dev/null"
NO_FILE = "000000"


def files_of(diff: str) -> tuple[ChangedFile, ...]:
    """Return the files of a unified diff with the number of added and removed lines, in the diff's order.

    Raises DiffError for a truncated diff.
    """
    return tuple(file for part in FILE.split(diff) for file in _files(part))


def _files(part: str) -> Iterator[ChangedFile]:
    try:
        patched = list(PatchSet(HEADER.sub("", part)))
    except (UnidiffParseError, ValueError) as fault:
        raise DiffError(f"invalid or incomplete unified diff: {str(fault)[:120]}") from None
    if part.startswith(_GIT):
        header = HEADER.match(part)
        yield _of_git(header[0] if header else part, patched[0] if patched else None)
    else:
        yield from map(_plain, patched)


def _of_git(header: str, patched: PatchedFile | None) -> ChangedFile:
    facts = dict(_FACT.findall(header))
    index = _MODE.search(header)
    mode = index[1] if index else ""
    old = NO_FILE if "new file mode" in facts else facts.get("old mode") or facts.get("deleted file mode") or mode
    new = NO_FILE if "deleted file mode" in facts else facts.get("new mode") or facts.get("new file mode") or mode
    source = facts.get("rename from") or facts.get("copy from") or ""
    status = "copied" if "copy from" in facts else "renamed" if source else _status(old, new)
    target = facts.get("rename to") or facts.get("copy to")
    return ChangedFile(
        path=unquote(target) if target else _path(patched) if patched else _middle(header.partition("\n")[0]),
        status=status,
        old_path=unquote(source),
        old_mode=old,
        new_mode=new,
        added=patched.added if patched else 0,
        removed=patched.removed if patched else 0,
    )


def _plain(file: PatchedFile) -> ChangedFile:
    old = NO_FILE if file.source_file == _NONE else ""
    new = NO_FILE if file.target_file == _NONE else ""
    return ChangedFile(
        path=_path(file),
        status=_status(old, new),
        old_mode=old,
        new_mode=new,
        added=file.added,
        removed=file.removed,
    )


def _status(old: str, new: str) -> str:
    return "added" if old == NO_FILE else "deleted" if new == NO_FILE else "changed"


def _path(file: PatchedFile) -> str:
    if file.target_file == _NONE:
        return unquote(file.source_file).removeprefix("a/")
    return unquote(file.target_file).removeprefix("b/")


def _middle(line: str) -> str:
    """Return the name that a `diff --git` line contains twice. Raises DiffError for two different names."""
    both = line.removeprefix(_GIT)
    middle = len(both) // 2
    name = unquote(both[middle + 1 :]).removeprefix("b/")
    if both[middle : middle + 1] != " " or name != unquote(both[:middle]).removeprefix("a/"):
        raise DiffError(f"invalid or incomplete unified diff: no name in {line[:80]!r}")
    return name
