"""The added lines of a change's net difference, masked line by line, up to a limit.

Checks read them to see what a change touches. The secret scan reads more: the added lines of every commit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.git.diff import FILE, AddedText, CommitPatch, DiffError, added_texts
from bot.model import AddedLines
from bot.scan.commits import MAX_LEAKS, Searched
from bot.scan.masking import mark, masked
from bot.scan.scanner import Hit, Scanner, ScanResult

MAX_TEXT = 200_000
"""Maximum characters of added lines kept per change."""

MAX_READ = 4 * MAX_TEXT
"""Maximum characters of a patch that are read, context and removed lines included."""

LEAST = 6
"""Minimum characters of a secret's line to search for elsewhere; a shorter one, such as a bracket, is everywhere."""


@dataclass(frozen=True)
class Added:
    """Runs of added lines, file by file; `cut` if some are left out."""

    runs: tuple[AddedLines, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class _Part:
    """A secret's part on one line: it is masked separately, so line numbers do not change."""

    rule: str
    start: int
    end: int
    fingerprint: str


def read_added(scanner: Scanner, patch: str, shown: Mapping[str, str], marks: Mapping[str, str]) -> Added:
    """Return the added lines of a unified diff; if they exceed the limit, the smallest files have priority.

    `shown` maps paths to their masked forms, in the order of the result; other files are left out. `marks` maps lines
    of secrets found elsewhere to their masks.
    """
    texts, cut = _texts(patch)
    known = [text for text in texts if text.path in shown]
    results = scanner.scan_all([text.text for text in known])
    found: list[AddedLines] = []
    room = MAX_TEXT
    cut |= len(known) < len(texts)
    for text, result in zip(known, results, strict=True):
        lines = _masked_lines(text, result, marks)
        for start, run in _runs(text, lines):
            kept = _fitting(run, room)
            cut |= len(kept) < len(run)
            room -= sum(len(line) + 1 for line in kept)
            if kept:
                found.append(AddedLines(path=shown[text.path], start=start, text="\n".join(kept)))
        cut |= not lines
    places = {path: place for place, path in enumerate(shown.values())}
    return Added(tuple(sorted(found, key=lambda run: (places[run.path], run.start))), cut)


def marks_of(scanner: Scanner, patches: Sequence[CommitPatch], found: Searched) -> dict[str, str] | None:
    """Return the mask for each line of the secrets that commits added: in the net difference the scanner may miss them.

    None if there are too many to search for.
    """
    if len(found.leaks) >= MAX_LEAKS:
        return None
    places = {(leak.location.commit, leak.location.path) for leak in found.leaks if leak.location.where == "diff"}
    texts = [text for patch in patches for text in patch.added if (text.commit, found.paths[text.path]) in places]
    marks: dict[str, str] = {}
    for text, result in zip(texts, scanner.scan_all([text.text for text in texts]), strict=True):
        for part in _parts(text.text, result.hits):
            line = text.text[part.start : part.end].strip(" \t\r\"'`")
            if len(line) >= LEAST:
                marks[line] = mark(part.rule, part.fingerprint)
    return dict(sorted(marks.items(), key=lambda entry: -len(entry[0])))


def _texts(patch: str) -> tuple[list[AddedText], bool]:
    """Return the added texts of the files within the limit, the smallest first, and whether there are more."""
    texts: list[AddedText] = []
    cut, read = False, 0
    for part in sorted(FILE.split(patch), key=len):
        read += len(part)
        if read > MAX_READ:
            return texts, True
        try:
            texts += added_texts(part, context=True)
        except DiffError:
            cut = True
    return texts, cut


def _masked_lines(text: AddedText, result: ScanResult, marks: Mapping[str, str]) -> list[str]:
    """Return the masked lines; none if they could not be scanned completely."""
    if result.gaps:
        return []
    shown = masked(text.text, _parts(text.text, result.hits))
    for line, instead in marks.items():
        shown = shown.replace(line, instead)
    return shown.encode("utf-8", "replace").decode().split("\n")


def _parts(text: str, hits: Sequence[Hit]) -> Iterator[_Part]:
    for hit in hits:
        start = hit.start
        for line in text[hit.start : hit.end].split("\n"):
            if line:
                yield _Part(hit.rule, start, start + len(line), hit.fingerprint)
            start += len(line) + 1


def _runs(text: AddedText, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Return each run of added lines with the number of its first line."""
    run: list[str] = []
    start = last = 0
    for number, line in zip(text.lines, lines, strict=False):
        if run and number != last + 1:
            yield start, run
            run = []
        if number:
            start = start if run else number
            run.append(line)
        last = number
    if run:
        yield start, run


def _fitting(lines: list[str], room: int) -> list[str]:
    for count, line in enumerate(lines):
        room -= len(line) + 1
        if room < 0:
            return lines[:count]
    return lines
