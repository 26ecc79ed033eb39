"""The mentions in a line of a description: paths, pull requests and issues, and names in code."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from handlers.facts.description.sections import Item, rows, uncommented

LONGEST_LINE = 4_000
LONGEST_PATH = 300

_PLAIN = frozenset("`[<")
_RUNS = re.compile(r"(`+)")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()]{0,600}\)")
_BULLET = re.compile(r"\s{0,9}(?:[-*+]\s|\d{1,4}[.)]\s)?\s{0,9}(?:\[[ xX]\]\s)?")
_SEPARATOR = re.compile(r"\s[-\u2013\u2014]{1,3}\s|\s?\u2014\s?|:\s|:$|;\s|\s\(|\s#\s")
_LINES = re.compile(r"(?::\d{1,7}(?:-\d{1,7})?|#L\d{1,7}(?:-L?\d{1,7})?)$")
_PATH = re.compile(r"[^\s/~$<>|\"'=:;!{}()\\-][^\s<>|\"'=:;\\]*")
_FILE = re.compile(r"(?P<stem>[\w.@+-]*[\w+-])\.(?P<end>[A-Za-z][A-Za-z0-9]{0,9})")
_VERSION = re.compile(r"v?\d[\d.]*")
_HOSTS = frozenset({"com", "org", "net", "io", "dev", "app", "eu", "pl", "de", "local", "internal"})
_NAME = re.compile(r"[\w][\w.-]{2,79}")
_COMPOUND = re.compile(r"[^\W_](?:\w|[.-](?=\w)){2,79}")
_REFERENCE = re.compile(r"(?<![\w&/#!.-])[#!](\d{1,9})\b")
_GLOB = frozenset("*?[")


class Piece(NamedTuple):
    """A run of text, and whether it is code."""

    text: str
    code: bool


class Reference(NamedTuple):
    """A pull request or issue that a line names."""

    number: int
    text: str
    line: int


class Path(NamedTuple):
    """A possible path that a line names."""

    name: str
    text: str
    line: int


def pieces(text: str) -> list[Piece]:
    """Gives a text as runs of code and of plain text; a link is replaced by its visible text."""
    if _PLAIN.isdisjoint(text):
        return [Piece(text[:LONGEST_LINE], False)] if text else []
    parts = _RUNS.split(_LINK.sub(r"\1", uncommented(text[:LONGEST_LINE])))
    ends: dict[str, int] = {}
    closing: dict[int, int] = {}
    for place in range(len(parts) - 2, 0, -2):
        if parts[place] in ends:
            closing[place] = ends[parts[place]]
        ends[parts[place]] = place
    found: list[Piece] = []
    place = 0
    while place < len(parts):
        end = closing.get(place) if place % 2 else None
        if end is not None:
            found.append(Piece("".join(parts[place + 1 : end]).strip(), True))
        else:
            found.append(Piece(parts[place], False))
        place = (end if end is not None else place) + 1
    return [piece for piece in found if piece.text]


def entries(item: Item) -> Iterator[Path]:
    """Gives the paths at the start of an item's lines; the text after a dash, colon or bracket is a remark."""
    for row in rows(item):
        bare = row.form != "prose"
        yield from (Path(name, row.text, row.line) for name in _leading(row, bare=bare))


def mentioned(item: Item) -> Iterator[Path]:
    """Gives all possible paths in an item, at any position."""
    for row in rows(item):
        for piece in pieces(row.text):
            for word in [piece.text] if piece.code else piece.text.split():
                name = path_of(word)
                if name:
                    yield Path(name, row.text, row.line)


def names(item: Item) -> Iterator[tuple[str, str]]:
    """Gives the exact names in an item, in code or as a word such as `a_b`, each with the words before it."""
    before = ""
    for piece in pieces(item.text):
        if piece.code:
            if _NAME.fullmatch(piece.text):
                yield piece.text, before
            before += f" {piece.text} "
            continue
        for word in piece.text.split():
            bare = word.strip(".,;:!?()\"'*")
            if _COMPOUND.fullmatch(bare) and "_" in bare.strip("_"):
                yield bare, before
            before += f" {word}"


def words(item: Item) -> Iterator[str]:
    """Gives each word of an item without punctuation around it; code is one word."""
    for row in rows(item):
        for piece in pieces(row.text):
            yield from [piece.text] if piece.code else (word.strip(".,;:!?()\"'*") for word in piece.text.split())


def references(item: Item, repository: str) -> Iterator[Reference]:
    """Gives the numbers of the pull requests and issues of this repository that an item names."""
    here = re.escape(repository)
    own = re.compile(rf"{here}[#!](\d{{1,9}})\b|/{here}/(?:issues|pulls)/(\d{{1,9}})\b") if repository else None
    for row in rows(item):
        text = uncommented(row.text[:LONGEST_LINE])
        said = " ".join(piece.text for piece in pieces(row.text) if not piece.code)
        found = [match[1] for match in _REFERENCE.finditer(said)]
        found += [match[1] or match[2] for match in own.finditer(text)] if own else []
        yield from (Reference(int(number), row.text, row.line) for number in found)


def path_of(word: str) -> str:
    """Gives a word as a path in a repository, without a line number; empty if it cannot be one."""
    text = word.strip(" \t\"'").rstrip(".,;:!?")
    for left, right in (("**", "**"), ("(", ")")):
        if text.startswith(left) and text.endswith(right):
            text = text[len(left) : -len(right)]
    text = _LINES.sub("", text).removeprefix("./")
    if not 1 < len(text) <= LONGEST_PATH or "//" in text or not _PATH.fullmatch(text):
        return ""
    first, slash, _ = text.partition("/")
    if slash:
        host = _FILE.fullmatch(first)
        return "" if host and host["end"].lower() in _HOSTS else text
    return text if is_file(text) else ""


def is_file(text: str) -> bool:
    """Says whether the last part of a path has a file extension; versions and host names do not count."""
    match = _FILE.fullmatch(text.rpartition("/")[2])
    if match is None or len(text) <= len("e.g"):
        return False
    return match["end"].lower() not in _HOSTS and not _VERSION.fullmatch(match["stem"])


def is_glob(path: str) -> bool:
    """Says whether a path is a pattern or a directory."""
    return path.endswith("/") or not _GLOB.isdisjoint(path)


def _leading(row: Item, *, bare: bool) -> list[str]:
    """The paths at the start of a line. Words may precede the first path, except in a table. The first separator after
    it ends the list.
    """
    found: list[str] = []
    prefix = _BULLET.match(row.text) if row.form != "prose" or row.text.lstrip()[:1] in {"-", "*"} else None
    for piece in pieces(row.text[prefix.end() if prefix else 0 :]):
        if piece.code:
            name = path_of(piece.text)
            found += [name] if name and (bare or is_file(name) or is_glob(name)) else []
            continue
        for place, said in enumerate(_SEPARATOR.split(piece.text)):
            if place and found:
                return found
            found += _bare(said, alone=bare and not found)
            if row.form == "cell" and said.strip() and not found:
                return found
    return found


def _bare(said: str, *, alone: bool) -> list[str]:
    """The paths among words outside code: words with a file extension, or a single word."""
    spoken = said.split()
    names = [path_of(word) for word in spoken]
    if alone and len(spoken) == 1 and names[0]:
        return names
    return [name for name in names if name and (is_file(name) or (is_glob(name) and name.endswith("/")))]
