"""Finds documents that still mention a path which the pull request moved or deleted.

Git searches the head's tree for the file names; the document's folder then decides which words refer to the path.
"""

import asyncio
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.fact_cache import AGAIN, FOREVER, FactCache
from bot.git import GitError, GitTooMuch, Mirror, Mirrors, check_sha
from bot.git.diff import decode
from bot.git.tree import SECONDS, Ends
from bot.model import ChangedFile, Gap, Mention
from bot.scan import Scanner
from bot.text import visible
from bot.text.path_mentions import cleaned, words

DOCUMENTS = (":(icase)*.md", ":(icase)*.rst", ":(icase)*.txt", ":(icase)*.adoc", "docs/")
GREP = ("grep", "-n", "-z", "-F", "-I", "--no-color", "--full-name", "-f", "-")

MOST, MOST_MOVED = 50, 300
"""Maximum of reported mentions, and of searched paths."""

READ = 4 * 1024 * 1024
"""Maximum bytes of matching lines that are read: names like `a` occur everywhere."""

NOTHING = 1
"""Exit status of `git grep` for no matches."""

REMEMBERED = 512
Found = tuple[tuple[Mention, ...], tuple[Gap, ...]]
WHAT = "the search for mentions"


class Mentions:
    """Searches documents in mirrors, and caches the results."""

    def __init__(self, mirrors: Mirrors, scanner: Scanner) -> None:
        self._mirrors = mirrors
        self._scanner = scanner
        self._known: FactCache[tuple[str, str, tuple[str, ...]], Found] = FactCache(REMEMBERED)

    async def read(self, ends: Ends, files: Sequence[ChangedFile]) -> Found:
        """Return the mentions of the files' old paths, and gaps."""
        gone = left(files)
        if not gone:
            return (), ()
        key = (ends.repository, ends.head, gone)
        known = self._known.get(key)
        if known is not None:
            return known
        try:
            found, gaps = await self._search(ends, gone[:MOST_MOVED])
        except GitError as fault:
            found, gaps = (), (Gap(what=WHAT, why=str(fault), of=ends.head),)
        if len(gone) > MOST_MOVED:
            why = f"only {MOST_MOVED} of {len(gone)} moved or deleted paths are searched for"
            gaps = (*gaps, Gap(what=WHAT, why=why, of=ends.head))
        return self._known.keep(key, (found, gaps), AGAIN if gaps else FOREVER)

    async def _search(self, ends: Ends, gone: Sequence[str]) -> Found:
        mirror = self._mirrors.mirror(ends.repository)
        names = {path.rpartition("/")[2] for path in gone}
        output, gaps = await _grep(mirror, ends.head, names)
        if len(output) > READ:
            why = f"only the first {READ // (1024 * 1024)} MiB of lines with such names are read"
            output, gaps = output[:READ], (*gaps, Gap(what=WHAT, why=why, of=ends.head))
        found = await asyncio.to_thread(mentions_in, output, gone)
        shown = tuple(one.model_copy(update={"file": visible(self._scanner.mask(one.file))}) for one in found)
        return shown, gaps


def left(files: Iterable[ChangedFile]) -> tuple[str, ...]:
    """Return the paths that files were moved from or deleted at, without paths that have a new file."""
    files = tuple(files)
    there = {file.path for file in files if file.status != "deleted"}
    deleted = {file.path for file in files if file.status == "deleted"}
    moved = {file.old_path for file in files if file.status == "renamed"}
    return tuple(sorted((deleted | moved) - there))


def mentions_in(output: bytes, gone: Sequence[str]) -> tuple[Mention, ...]:
    """Return the mentions in the output of `git grep -n -z`; a truncated last line is used as it is."""
    paths = dict[str, set[str]]()
    for path in gone:
        paths.setdefault(path.rpartition("/")[2], set()).add(path)
    found: dict[tuple[str, str, int], Mention] = {}
    for file, line, text in _lines(output):
        for word in words(text):
            path = _named(word, posixpath.dirname(file), paths)
            if path:
                found[path, file, line] = Mention(path=path, file=file, line=line)
        if len(found) >= MOST:
            break
    return tuple(found[key] for key in sorted(found))[:MOST]


def _named(word: str, folder: str, paths: Mapping[str, set[str]]) -> str:
    """Return the path that a word in a document of this folder refers to, empty for none: relative to the root or to
    the document, or at the end of a URL.
    """
    path = cleaned(word)
    known = paths.get(path.rpartition("/")[2])
    if not known:
        return ""
    seen = {path.lstrip("/"), posixpath.normpath(posixpath.join(folder, path))}
    if "://" in path:
        seen |= {one for one in known if "/" in one and path.endswith(f"/{one}")}
    return min(seen & known, default="")


def _lines(output: bytes) -> Iterator[tuple[str, int, str]]:
    """Yield the records: tree and file, line number, and line; the first two end with a NUL."""
    at = 0
    while (name := output.find(b"\0", at)) >= 0 and (number := output.find(b"\0", name + 1)) >= 0:
        end = output.find(b"\n", number)
        end = len(output) if end < 0 else end
        yield (
            decode(output[at:name]).partition(":")[2],
            int(output[name + 1 : number]),
            decode(output[number + 1 : end]),
        )
        at = end + 1


async def _grep(mirror: Mirror, head: str, names: Iterable[str]) -> tuple[bytes, tuple[Gap, ...]]:
    """Return git's output, and a gap for documents that are too large for the mirror."""
    patterns = "".join(f"{name}\n" for name in sorted(names) if "\n" not in name).encode("utf-8", "surrogateescape")
    try:
        return await _found(mirror, head, patterns, ()), ()
    except GitTooMuch as fault:
        return fault.output, (Gap(what=WHAT, why=str(fault), of=head),)
    except GitError:
        lacking = await _lacking(mirror, head)
        if not lacking:
            raise
    output = await _found(mirror, head, patterns, lacking)
    why = f"{len(lacking)} documents are too large to search, for example {visible(lacking[0])}"
    return output, (Gap(what=WHAT, why=why, of=head),)


async def _found(mirror: Mirror, head: str, patterns: bytes, without: Sequence[str]) -> bytes:
    where = (*DOCUMENTS, *(f":(exclude,literal){path}" for path in without))
    search = (*GREP, check_sha(head), "--", *where)
    try:
        return await mirror.mirrors.run(mirror.folder, *search, stdin=patterns, seconds=SECONDS, offline=True)
    except GitError as fault:
        if fault.code != NOTHING:
            raise
        return b""


async def _lacking(mirror: Mirror, head: str) -> tuple[str, ...]:
    """Return the files of a tree that the mirror does not have."""
    listing = ("ls-tree", "-r", "-z", "--format=%(objecttype) %(objectname) %(path)", check_sha(head))
    output = await mirror.mirrors.run(mirror.folder, *listing, seconds=SECONDS, offline=True)
    records = (record.split(" ", 2) for record in decode(output).split("\0") if record)
    files = {path: blob for kind, blob, path in records if kind == "blob"}
    here = await mirror.blobs_here(set(files.values()))
    return tuple(path for path, blob in files.items() if blob not in here)
