"""What a change adds in all: the added lines of its net difference, masked line by line, and bounded.

Checks read it for what a change touches. It is less than what secrets are looked for in: those lie in every commit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.git.diff import FILE, AddedText, CommitPatch, DiffError, added_texts
from bot.model import AddedLines
from bot.scan.commits import MAX_LEAKS, Searched
from bot.scan.masking import mark, masked
from bot.scan.scanner import Hit, Scanner, ScanResult

MAX_TEXT = 200_000
"""Characters of added lines that are kept of one change."""

MAX_READ = 4 * MAX_TEXT
"""Characters of a patch that are read for them; lines around them and removed ones count too."""

LEAST = 6
"""Characters of a secret's line that is looked for elsewhere; a shorter one, such as a bracket, is in everything."""


@dataclass(frozen=True)
class Added:
    """Runs of added lines, file by file; `cut` when there are more than these."""

    runs: tuple[AddedLines, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class _Part:
    """A secret's part on one line: masked apart from the others, it shifts no line's number."""

    rule: str
    start: int
    end: int
    fingerprint: str


def read_added(scanner: Scanner, patch: str, shown: Mapping[str, str], marks: Mapping[str, str]) -> Added:
    """Gives what a unified diff adds, the smallest files first where it is more than is kept.

    `shown` has the masked form of each path in the order that is wanted, and a file that it doesn't name is left out;
    `marks` says what stands for secrets that were found elsewhere, line by line.
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
    """Gives what stands for each line of the secrets that commits added: beside other lines one may look like none.

    None when there are too many to look for.
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
    """Gives the added texts of the files that are read, the smallest first, and whether there are more."""
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
    """Gives the lines, masked; none when they weren't searched as a whole."""
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
    """Gives each run of added lines with the number of its first one."""
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
