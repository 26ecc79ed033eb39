"""Reads logs of any size for `assay evidence`: counts texts in them and scans them for secrets.

A log is read in pieces that end at line ends. Each piece is scanned together with the end of the previous one, so that
matches across a border are found; a line longer than a piece is cut with the same overlap. Terminal colour codes are
removed first, because they can split a word. Counts are exact and without overlapping occurrences. Only a few pieces
are in memory at a time, for any size of the log.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO

from bot.scan import Scanner, ScanResult

BLOCK = 960 * 1024
"""Bytes read at a time: with the overlap and the rest of a line they fit into one window of the scanner."""
OVERLAP = 16 * 1024
LEAST = 64 * 1024
"""Size up to which a piece that cannot be scanned as a whole is not split further."""
MAX_SECRETS = 50
WORKERS = 2
"""Scanner threads; more do not help, because most of the work holds the interpreter lock."""

_COLOUR = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_COLOUR_BEGUN = re.compile(rb"\x1b(?:\[[0-9;:]{0,32})?\Z")
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class LogError(ValueError):
    """Raised for a log that cannot be evidence; the text continues a sentence that begins with the log's name."""


@dataclass(frozen=True)
class Secret:
    """A secret in a log: its rule, severity, line and fingerprint, never its value."""

    rule: str
    severity: str
    line: int
    fingerprint: str


@dataclass(frozen=True)
class LogRead:
    """The result for a log. It is clean only if it has no `secrets` and nothing is `unread`.

    `unread` says which parts could not be scanned; `more` is the number of secrets that are not listed.
    """

    counts: dict[str, int]
    secrets: tuple[Secret, ...] = ()
    more: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Chunk:
    """A piece of a log. `text` begins at byte `at`, on line `line`; the part before `fresh` repeats the last piece."""

    text: bytes = field(repr=False)
    at: int
    line: int
    fresh: int


@dataclass(frozen=True)
class _Found:
    secret: Secret
    start: int
    length: int


class Counter:
    """Counts texts in a stream of blocks, also across block borders."""

    def __init__(self, texts: Collection[str]) -> None:
        self._sought = {text: text.encode("utf-8", "surrogateescape") for text in texts}
        self._held = dict.fromkeys(texts, b"")
        self.counts = dict.fromkeys(texts, 0)

    def feed(self, block: bytes) -> None:
        """Count in the next block."""
        for text, sought in self._sought.items():
            data, at = self._held[text] + block, 0
            while (found := data.find(sought, at)) >= 0:
                self.counts[text] += 1
                at = found + len(sought)
            # No marker contains a line end, so nothing has to be kept after one.
            rest = max(at, len(data) - len(sought) + 1)
            self._held[text] = b"" if data.endswith(b"\n") else data[rest:]


def read_log(file: BinaryIO, texts: Collection[str], scanner: Scanner) -> LogRead:
    """Return the result for a complete log. Raises LogError if it is compressed or empty."""
    counter, found, unread = Counter(texts), dict[int, _Found](), list[str]()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="log") as pool:
        waiting: deque[tuple[_Chunk, Future[tuple[list[_Found], list[str]]]]] = deque()
        for chunk in _chunks(file):
            waiting.append((chunk, pool.submit(_searched, scanner, chunk)))
            counter.feed(chunk.text[chunk.fresh :])
            while len(waiting) > WORKERS + 1:
                _take(waiting.popleft()[1].result(), found, unread)
            if unread:
                break
        for _, future in waiting:
            _take(future.result(), found, unread)
    listed = [one.secret for _, one in sorted(found.items())]
    more = max(0, len(listed) - MAX_SECRETS)
    return LogRead(counter.counts, tuple(listed[:MAX_SECRETS]), more, tuple(dict.fromkeys(unread)))


def _take(result: tuple[list[_Found], list[str]], found: dict[int, _Found], unread: list[str]) -> None:
    """Add a result. Hits that begin at the same byte are one secret: the longest is kept, others may be cut off."""
    hits, gaps = result
    for hit in hits:
        before = found.get(hit.start)
        if before is None or before.length < hit.length:
            found[hit.start] = hit
    unread += gaps


def _searched(scanner: Scanner, chunk: _Chunk) -> tuple[list[_Found], list[str]]:
    """Return the secrets of a piece; a piece with too many candidates is scanned in halves."""
    result = scanner.scan(chunk.text)
    if not result.gaps or len(chunk.text) <= LEAST:
        return list(_found(result, chunk)), [f"near line {chunk.line}: {gap}" for gap in result.gaps]
    half = len(chunk.text) // 2
    middle = chunk.text.rfind(b"\n", half // 2, half) + 1 or half
    line = chunk.line + chunk.text.count(b"\n", 0, middle)
    first = _Chunk(chunk.text[: middle + OVERLAP], chunk.at, chunk.line, 0)
    second = _Chunk(chunk.text[middle:], chunk.at + middle, line, 0)
    halves = [_searched(scanner, part) for part in (first, second)]
    return [one for found, _ in halves for one in found], [gap for _, gaps in halves for gap in gaps]


def _found(result: ScanResult, chunk: _Chunk) -> Iterator[_Found]:
    for hit in result.hits:
        secret = Secret(hit.rule, hit.severity, chunk.line + hit.line - 1, hit.fingerprint)
        yield _Found(secret, chunk.at + hit.start, hit.end - hit.start)


def _chunks(file: BinaryIO) -> Iterator[_Chunk]:
    before, rest, at, line = b"", b"", 0, 1
    for block in _blocks(file):
        rest += block
        cut = rest.rfind(b"\n") + 1
        if not cut and len(rest) < BLOCK:
            continue
        cut = cut or len(rest)
        chunk = _Chunk(before + rest[:cut], at - len(before), line - before.count(b"\n"), len(before))
        yield chunk
        at, line = at + cut, line + rest.count(b"\n", 0, cut)
        before, rest = _overlap(chunk.text), rest[cut:]
    if rest:
        yield _Chunk(before + rest, at - len(before), line - before.count(b"\n"), len(before))


def _overlap(text: bytes) -> bytes:
    """Return the end of a piece, from the start of a line if one is near."""
    tail = text[-OVERLAP:]
    return tail[tail.find(b"\n", 0, OVERLAP // 2) + 1 :] if len(text) > OVERLAP else tail


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Return the blocks of a file without colour codes. Raises LogError."""
    held, first = b"", True
    while block := file.read(BLOCK):
        if first and (packed := next((name for head, name in _PACKED.items() if block.startswith(head)), "")):
            raise LogError(f"is compressed ({packed}); decompress it first")
        first = False
        text = _COLOUR.sub(b"", held + block)
        begun = _COLOUR_BEGUN.search(text, max(0, len(text) - 40))
        held = text[begun.start() :] if begun else b""
        yield text[: len(text) - len(held)]
    if first:
        raise LogError("is empty; pass the log of the run")
    if held:
        yield held
