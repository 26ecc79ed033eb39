"""Finds secrets that added lines mount as writable in a container."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.model import AddedLines, ChangedFile
from handlers.facts.change import DOCUMENTS
from handlers.facts.patterns import chosen

LONGEST = 1_000

_SECRET = re.compile(
    r"secret|token|credential|passw|private|vault|(?:^|[^a-z])(?:key|keys|pat|cert)(?:[^a-z]|$)|\.(?:pem|key|age)\b"
)
_MOUNT = r"[\"']?(?P<mount>(?:\$\{[^{}]*\}|\$(?!\{)|[^\"'#\s$])+)"
_SHORT = re.compile(rf"\s*-\s+{_MOUNT}[\"']?\s*(?:#.*)?$")
_OPTION = re.compile(rf"(?:^|\s)(?:-v|--volume)[ =]{_MOUNT}")
_LONG_OPTION = re.compile(rf"--mount[ =]{_MOUNT}")
_TARGET = re.compile(r"/(?!/)")
_BLOCK = re.compile(r"(?P<indent>\s*)-\s+type:\s*[\"']?(?:bind|volume)\b")
_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_READ_ONLY = re.compile(r"^\s*read_only:\s*[\"']?(?:true|yes|on)\b")
_SOURCE = re.compile(r"^\s*(?:-\s+)?(?:source|src|target|destination|dst):\s*(?P<path>.+)$")


class Mount(NamedTuple):
    """A mount of a secret. `sure`: it is writable; otherwise, a read-only option may be outside the diff."""

    path: str
    line: int
    text: str
    sure: bool


def writable(added: Sequence[AddedLines], files: Sequence[ChangedFile]) -> Iterator[Mount]:
    """Gives the mounts of secrets in added lines that are not read-only."""
    new = {file.path for file in files if file.status == "added"}
    for run in added:
        if not chosen(DOCUMENTS, run.path):
            yield from _in_run(run, whole=run.path in new)


def _in_run(run: AddedLines, *, whole: bool) -> Iterator[Mount]:
    lines = [text[:LONGEST] for text in run.text.split("\n")]
    for place, text in enumerate(lines):
        if text.lstrip().startswith("#"):
            continue
        if _of_line(text):
            yield Mount(run.path, run.start + place, text.strip(), True)
        elif block := _BLOCK.match(text):
            inside, ended = _block(lines[place:], len(block["indent"]))
            if _secret(inside) and not any(map(_READ_ONLY.match, inside)):
                yield Mount(run.path, run.start + place, " ".join(map(str.strip, inside)), ended or whole)


def _of_line(text: str) -> bool:
    """Says whether a line mounts a secret as writable, in the short form or by an option."""
    short = _SHORT.match(text)
    mounts = [short["mount"]] if short else [match["mount"] for match in _OPTION.finditer(text)]
    for mount in mounts:
        parts = _VARIABLE.sub(lambda match: match[0].replace(":", " "), mount).split(":")
        options = parts[2].split(",") if len(parts) > 2 else []  # noqa: PLR2004 - source, target, options
        if len(parts) > 1 and _TARGET.match(parts[1]) and "ro" not in options and _is_secret(mount):
            return True
    return any(
        {"readonly", "ro", "readonly=true", "ro=true"}.isdisjoint(match["mount"].split(","))
        and _is_secret(match["mount"])
        for match in _LONG_OPTION.finditer(text)
    )


def _block(lines: Sequence[str], indent: int) -> tuple[list[str], bool]:
    """Gives the lines of one list entry, and whether its end is in the added lines."""
    inside = [lines[0]]
    for text in lines[1:]:
        if text.strip() and len(text) - len(text.lstrip()) <= indent:
            return inside, True
        inside.append(text)
    return inside, False


def _secret(lines: Sequence[str]) -> bool:
    return any(_is_secret(match["path"]) for match in map(_SOURCE.match, lines) if match)


def _is_secret(text: str) -> bool:
    return _SECRET.search(text.lower()) is not None
