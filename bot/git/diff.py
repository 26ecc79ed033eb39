"""Reads unified diffs into the text that each file of each commit added, with its line numbers.

The scanner gets added lines without the diff's `+` (a base64 character) and without paths, so neither can influence it.
Removed lines are never read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from bot.model import ChangedFile, Commit

LOG_FORMAT = "%x00%H%n%P%n%aN%n%B%x01%x00"
"""Format of one commit's header in `git log`: between a NUL at the start of a line and a second NUL.

Messages and quoted paths cannot contain NUL, and diff lines begin with other characters.
"""

LOG = (
    *("log", "--remerge-diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-decorate", "--no-notes"),
    *("--submodule=short", "--src-prefix=a/", "--dst-prefix=b/", f"--format={LOG_FORMAT}", "--raw", "--no-abbrev"),
)
"""Arguments of git for what `read_log` reads, and for the patches in it."""

PATCH = ("--patch", "--text", "-U3", "--irreversible-delete", "--find-renames")
"""Three lines around each change: the name of a secret may be on an unchanged line."""

NET = (
    *("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--numstat", "--patch", "-U3", "--irreversible-delete"),
    *("--find-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short"),
)
"""Arguments of git for what `read_net` reads; two trees follow. Binary content is named only."""

RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--find-renames=100%")
"""As NET, the file list alone."""

MOST_PATCH = 3_200_000
"""Bytes of a net difference's patch that are kept: what is read of it is less, in characters of up to four bytes."""

FILE = re.compile(r"(?m)^(?=diff --git )")
_FILE_BYTES = re.compile(rb"(?m)^diff --git ")
_COMMIT = re.compile(rb"(?m)^\x00")
HEADER = re.compile(r"(?m)^diff --git .*\n(?:(?!--- ).*\n)*")
"""Git's own lines above a file's hunks: the path stands there twice without quotes, so `x b/y` can't be told apart."""

_META = r":(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*"
RAW_LINE = re.compile(rf"^{_META}\t([^\t\n]+)(?:\t([^\n]+))?$", re.MULTILINE)
RAW_HEAD = re.compile(_META)
COUNTED = re.compile(r"(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
OF_GIT = re.compile(rb"^(?:tree|parent) [0-9a-f]{40,64}\n", re.MULTILINE)
STATUS = {"A": "added", "M": "changed", "D": "deleted", "R": "renamed", "C": "copied", "T": "changed"}


class DiffError(ValueError):
    """A diff that cannot be read completely; the text says where it breaks."""


@dataclass(frozen=True)
class AddedText:
    """The text that one commit added to one file: lines joined by newlines, and the file's line number of each.

    Context lines have the number 0, and so has the empty line between two hunks.
    """

    path: str
    text: str
    lines: tuple[int, ...]
    commit: str = ""

    def line_of(self, line: int) -> int:
        """Return the file's line number for a 1-based line of the text."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else 0

    def added_line(self, line: int, start: int, end: int) -> int:
        """Return the file's number of the first added line in a span of characters that begins on a 1-based line.

        0 if the span is on existing lines only.
        """
        return self.first_added(line, line + self.text.count("\n", start, end))

    def first_added(self, line: int, last: int) -> int:
        """Return the file's number of the first added line among 1-based lines of the text; 0 if none was added."""
        return next((number for number in self.lines[max(0, line - 1) : max(0, last)] if number), 0)


@dataclass(frozen=True)
class StoredCommit:
    """A stored commit: its header without tree and parents, which git writes itself, and its message."""

    header: str
    message: str


@dataclass(frozen=True)
class CommitPatch:
    """One commit with its raw file list and added texts; `fault` says why some could not be read."""

    commit: Commit
    files: tuple[tuple[ChangedFile, str], ...]
    added: tuple[AddedText, ...]
    fault: str = ""


def decode(data: bytes) -> str:
    """Return bytes of any encoding as text that converts back unchanged."""
    return data.decode("utf-8", "surrogateescape")


def unquote(path: str) -> str:
    """Return a path without git's C-style quoting: octal bytes and letters after a backslash, in double quotes."""
    if len(path) < 2 or not (path.startswith('"') and path.endswith('"')):  # noqa: PLR2004 - a pair of quotes
        return path
    escapes = {"n": b"\n", "t": b"\t", "r": b"\r", "a": b"\a", "b": b"\b", "f": b"\f", "v": b"\v"}

    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "01234567":
            return decode(bytes([int(code, 8) & 0xFF])) if len(code) == 3 else code  # noqa: PLR2004 - git writes three octal digits
        return escapes.get(code, code.encode()).decode()

    joined = re.sub(r"\\([0-7]{3}|.)", plain, path[1:-1])
    return joined.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def added_texts(diff: str, commit: str = "", *, context: bool = False) -> Iterator[AddedText]:
    """Yield the added text of each file of a unified diff; with `context`, the unchanged lines around it too.

    Raises DiffError for a truncated or invalid diff.
    """
    try:
        # File by file, so that an unreadable file does not affect those before it.
        for part in FILE.split(diff):
            for file in PatchSet(HEADER.sub("", part)):
                lines, numbers = _added(file, context=context)
                if any(numbers):
                    yield AddedText(_path(file.target_file), "\n".join(lines), tuple(numbers), commit)
    except (UnidiffParseError, ValueError) as fault:
        raise DiffError(f"invalid or incomplete unified diff: {str(fault)[:120]}") from None


def _added(file: PatchedFile, *, context: bool) -> tuple[list[str], list[int]]:
    lines: list[str] = []
    numbers: list[int] = []
    for hunk in file:
        for line in hunk:
            if line.is_added or (context and line.is_context):
                lines.append(line.value.rstrip("\n"))
                numbers.append((line.target_line_no or 0) if line.is_added else 0)
        lines.append("")
        numbers.append(0)
    return lines, numbers


def changed_files(raw: str) -> tuple[tuple[ChangedFile, str], ...]:
    """Return the files of `--raw` lines, each with the object id of its new content (zeros if deleted)."""
    return tuple(
        (_file(meta, *(map(unquote, (second, first) if second else (first, "")))), meta[3])
        for *meta, first, second in RAW_LINE.findall(raw)
    )


def _file(meta: Sequence[str], path: str, old_path: str) -> ChangedFile:
    """Return the file of a raw line: modes, ids and status letter, and its unquoted names."""
    old_mode, new_mode, _, _, letter = meta
    status = STATUS.get(letter, "changed")
    return ChangedFile(path=path, status=status, old_path=old_path, old_mode=old_mode, new_mode=new_mode)


@dataclass(frozen=True)
class NetDiff:
    """A net difference: each file with its blobs before and after (zeros for none), and the patch, as git prints them.

    Of a large patch only the smallest files are kept. `whole` is false if some files are missing from the patch; `late`
    if the next evaluation may succeed.
    """

    files: tuple[tuple[ChangedFile, tuple[str, str]], ...] = ()
    patch: str = ""
    whole: bool = True
    late: bool = False


def read_net(output: bytes) -> NetDiff:
    """Parse git's output for NET or RAW; of truncated output, the complete part is used.

    Names are separated by NUL bytes, which no name can contain, so no name can imitate another record.
    """
    end = output.find(b"\0\0")
    head, whole = decode(output[:end] if end >= 0 else output), end >= 0
    patch, all_of_it = _smallest(output, end + 2) if whole else ("", True)
    fields = iter(head.split("\0") if whole else head.split("\0")[:-1])
    files: dict[str, tuple[ChangedFile, tuple[str, str]]] = {}
    for field in fields:
        if meta := RAW_HEAD.fullmatch(field):
            first = next(fields, "")
            path, old = (next(fields, ""), first) if meta[5] in "RC" else (first, "")
            if path:
                files[path] = _file(meta.groups(), path, old), (meta[3], meta[4])
        elif count := COUNTED.fullmatch(field):
            path = count[3] or [next(fields, ""), next(fields, "")][1]
            if path in files:
                file, blobs = files[path]
                lines = {"added": _lines(count[1]), "removed": _lines(count[2])}
                files[path] = file.model_copy(update=lines), blobs
    return NetDiff(tuple(files.values()), patch, (whole or not output) and all_of_it)


def _smallest(output: bytes, begin: int) -> tuple[str, bool]:
    """Return the patches of the smallest files up to MOST_PATCH, and whether these are all files."""
    if len(output) - begin <= MOST_PATCH:
        return decode(output[begin:]), True
    room, kept = MOST_PATCH, list[tuple[int, int]]()
    for start, end in sorted(_parts(output, begin, len(output)), key=lambda part: part[1] - part[0]):
        room -= end - start
        if room < 0:
            break
        kept.append((start, end))
    return "".join(decode(output[start:end]) for start, end in sorted(kept)), False


def _parts(output: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where the patch of each file begins and ends."""
    if begin < end:
        starts = [found.start() for found in _FILE_BYTES.finditer(output, begin + 1, end)]
        yield from pairwise((begin, *starts, end))


def _lines(count: str) -> int:
    """Return added and removed lines; git counts none for binary files."""
    return int(count) if count.isdigit() else 0


def read_log(output: bytes) -> Iterator[CommitPatch]:
    """Yield the commits of `git log --raw -p --format=LOG_FORMAT`, in its order, each with its readable parts.

    Context lines are kept with the added ones.
    """
    starts = [found.start() for found in _COMMIT.finditer(output)]
    # By places in the output: a large patch is in memory once, and decoded file by file.
    for start, end in pairwise((*starts, len(output))):
        close = output.find(b"\x00", start + 1, end)
        close = end if close < 0 else close
        patch = output.find(b"\ndiff --git ", close, end)
        patch = end if patch < 0 else patch
        raw = decode(output[close + 1 : patch])
        sha, parents, author, message = [*decode(output[start + 1 : close]).split("\n", 3), "", "", ""][:4]
        commit = Commit(
            sha=sha, author=author, message=message.removesuffix("\x01").strip("\n"), parents=tuple(parents.split())
        )
        added: list[AddedText] = []
        fault = ""
        try:
            for begin, stop in _parts(output, patch + 1, end):
                added += added_texts(decode(output[begin:stop]), sha, context=True)
        except DiffError as error:
            fault = str(error)
        yield CommitPatch(commit, changed_files(raw), tuple(added), fault)


def read_objects(output: bytes) -> dict[str, StoredCommit]:
    """Return each commit in the output of `git cat-file --batch`. Raises DiffError for other objects."""
    found: dict[str, StoredCommit] = {}
    at = 0
    while at < len(output):
        head, _, _ = output[at : at + 200].partition(b"\n")
        sha, _, size = head.decode().partition(" commit ")
        begin = at + len(head) + 1
        if not size.isdigit():
            raise DiffError(f"not a commit: {head[:80].decode('utf-8', 'replace')}")
        header, _, message = output[begin : begin + int(size)].partition(b"\n\n")
        own = OF_GIT.sub(b"", header + b"\n").decode("utf-8", "replace")
        found[sha] = StoredCommit(own, message.decode("utf-8", "replace").strip("\n"))
        at = begin + int(size) + 1
    return found


def _path(target: str) -> str:
    return unquote(target).removeprefix("b/")
