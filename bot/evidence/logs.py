"""Reads logs of any size for `assay evidence`: how often texts stand in them, and whether a secret does.

A log is read in pieces that end where lines end, and each piece is searched together with the end of the one before, so
what stands on a border is found; a line longer than a piece is cut with the same overlap. Codes that colour a
terminal's text are taken out first: they part a word that everybody reads as one. Counts are exact, of occurrences that
don't overlap. No more than a few pieces are in memory, whatever the log's size.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import BinaryIO

from bot.scan import Scanner, ScanResult

BLOCK = 960 * 1024
"""Bytes that are read at a time: with the overlap and a line's rest they still are one window of the scanner."""
OVERLAP = 16 * 1024
LEAST = 64 * 1024
"""A piece so small that what can't be searched in it as a whole isn't searched in parts either."""
MAX_SECRETS = 50
WORKERS = 2
"""Threads that search; more gain nothing, since most of the work holds the interpreter."""

_COLOUR = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_COLOUR_BEGUN = re.compile(rb"\x1b(?:\[[0-9;:]{0,32})?\Z")
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class LogError(ValueError):
    """A log that can't be evidence; the text says why."""


@dataclass(frozen=True)
class Secret:
    """A secret in a log: what it is and on which line, and nothing of it."""

    rule: str
    severity: str
    line: int
    fingerprint: str


@dataclass(frozen=True)
class LogRead:
    """What a log holds. `unread` says what couldn't be searched for secrets: only what has neither is clean.

    `more` counts the secrets beyond those that are listed.
    """

    counts: dict[str, int]
    secrets: tuple[Secret, ...] = ()
    more: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Chunk:
    """Some of a log. `text` begins at byte `at`, on line `line`; what is before `fresh` was in the last piece too."""

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
    """Counts texts in what is fed to it block by block, as if it were one."""

    def __init__(self, texts: Collection[str]) -> None:
        self._sought = {text: text.encode("utf-8", "surrogateescape") for text in texts}
        self._held = dict.fromkeys(texts, b"")
        self.counts = dict.fromkeys(texts, 0)

    def feed(self, block: bytes) -> None:
        """Counts on."""
        for text, sought in self._sought.items():
            data, at = self._held[text] + block, 0
            while (found := data.find(sought, at)) >= 0:
                self.counts[text] += 1
                at = found + len(sought)
            # No marker has a line's end in it, so after one there is nothing to hold.
            rest = max(at, len(data) - len(sought) + 1)
            self._held[text] = b"" if data.endswith(b"\n") else data[rest:]


def read_log(file: BinaryIO, texts: Collection[str], scanner: Scanner) -> LogRead:
    """Gives what a log holds, from its first byte to its last. Raises LogError for one that is packed or empty."""
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
    told = [one.secret for _, one in sorted(found.items())]
    more = max(0, len(told) - MAX_SECRETS)
    return LogRead(counter.counts, tuple(told[:MAX_SECRETS]), more, tuple(dict.fromkeys(unread)))


def _take(result: tuple[list[_Found], list[str]], found: dict[int, _Found], unread: list[str]) -> None:
    """What begins at one byte is one secret; a piece may have had only the beginning of it."""
    hits, gaps = result
    for hit in hits:
        before = found.get(hit.start)
        if before is None or before.length < hit.length:
            found[hit.start] = hit
    unread += gaps


def _searched(scanner: Scanner, chunk: _Chunk) -> tuple[list[_Found], list[str]]:
    """The secrets of a piece; one that has too many places to judge is searched in halves."""
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
    """The end of a piece, from a line's beginning if there is one near."""
    tail = text[-OVERLAP:]
    return tail[tail.find(b"\n", 0, OVERLAP // 2) + 1 :] if len(text) > OVERLAP else tail


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """What a file holds without colours. Raises LogError."""
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
        raise LogError("is empty; use the log of the run")
    if held:
        yield held
