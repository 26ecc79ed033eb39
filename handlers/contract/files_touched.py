"""Compares the section *Files touched* with the changed files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.model import ChangedFile, Finding, Location
from bot.policy import ContractPolicy, SectionName
from handlers.contract.rules import BODY, finding, line, listed
from handlers.facts.change import GENERATED
from handlers.facts.description.mentions import Path, entries, is_glob, pieces
from handlers.facts.description.sections import Item, Pack, rows
from handlers.facts.patterns import chosen
from handlers.facts.wording import quoted

SHOWN = 10
MAX_ENTRIES = 5_000
MAX_GLOBS = 50
SECTION: SectionName = "files-touched"


@dataclass
class Listing:
    """The entries of a description: changed paths, patterns that match changed paths, and paths that did not change.

    `tried` are the patterns compared with the changed files; `unread` are those beyond the limit.
    """

    paths: set[str] = field(default_factory=set)
    globs: list[Path] = field(default_factory=list)
    untouched: list[Path] = field(default_factory=list)
    tried: dict[str, bool] = field(default_factory=dict)
    unread: list[Path] = field(default_factory=list)


class Touched:
    """The changed files, indexed by path, old path and the directories above them."""

    def __init__(self, files: Sequence[ChangedFile]) -> None:
        self._names = [name for file in files for name in (file.path, file.old_path) if name]
        self._globs = MAX_GLOBS
        self._in: dict[str, str] = {}
        self._called: dict[str, str] = {}
        for name in self._names:
            segments = name.split("/")
            for count in range(1, len(segments) + 1):
                self._in.setdefault("/".join(segments[:count]), name)
                self._called.setdefault(segments[count - 1], name)
                self._called.setdefault(segments[count - 1].split(".")[0], name)

    def by(self, path: str) -> str:
        """Gives the first changed file that matches a path or pattern, or is below it; empty if none is.

        The number of patterns is limited.
        """
        hit = self._in.get(path.rstrip("/"), "")
        if hit or not is_glob(path) or path.endswith("/") or not self._globs:
            return hit
        self._globs -= 1
        return next((name for name in self._names if chosen((path.removeprefix("!"),), name)), "")

    def called(self, name: str) -> str:
        """Gives the first changed file with a name as a directory or file in its path, with or without extension."""
        return self._called.get(name, "")


def generated(path: str, rules: ContractPolicy) -> bool:
    """Says whether a file is generated."""
    return bool(chosen((*GENERATED, *rules.generated), path))


def check(pack: Pack, files: Sequence[ChangedFile], rules: ContractPolicy) -> Iterator[Finding]:
    """Gives a finding for changed files that are not listed, and one for listed files that did not change."""
    part = pack.parts.get(SECTION)
    if part is None or not part.items:
        return
    found = listing(part.read, files)
    unlisted = [file for file in files if file.path not in found.paths]
    left = [file for file in unlisted if not (generated(file.path, rules) and _summed(file.path, found.globs))]
    if left:
        names = [file.path for file in left]
        summed = [glob.name for glob in found.globs if any(_summed(name, [glob]) for name in names)]
        yield finding(
            "files-unlisted",
            f"{_files(names)} changed but not listed under Files touched",
            f"changed: {listed(names, SHOWN)}; listed: {listed(sorted(found.paths), 3) or 'none'}{_summary(summed)}",
            f"Add under Files touched: {listed([f'- `{name}`' for name in names], SHOWN)}",
            Location(where="diff", path=names[0]),
        )
    if found.unread:
        yield finding(
            "not-looked-at",
            f"More than {MAX_GLOBS} patterns under Files touched; {len(found.unread)} not checked",
            "; ".join(quoted(path.text) for path in found.unread[:3]),
            "List the files, or use fewer patterns.",
            line(found.unread[0].line) if found.unread[0].line else BODY,
        )
    if found.untouched:
        names = list(dict.fromkeys(path.name for path in found.untouched))
        first = found.untouched[0].line
        yield finding(
            "files-untouched",
            f"{_files(names)} listed under Files touched but not changed",
            "; ".join(dict.fromkeys(quoted(path.text) for path in found.untouched[:SHOWN])),
            f"Remove from Files touched: {listed([f'`{name}`' for name in names], SHOWN)}",
            line(first) if first else BODY,
        )


def listing(items: Sequence[Item], files: Sequence[ChangedFile]) -> Listing:
    """Gives the entries of items. A renamed file may also be listed with its old name."""
    touched = {name for file in files for name in (file.path, file.old_path) if name}
    found = Listing()
    for item in items:
        found.paths |= touched.intersection(_exact(item))
        for entry in entries(item):
            if len(found.untouched) + len(found.globs) + len(found.unread) > MAX_ENTRIES:
                break
            _take(found, entry, touched)
    return found


def _take(found: Listing, entry: Path, touched: set[str]) -> None:
    if entry.name in touched:
        found.paths.add(entry.name)
        return
    fits = is_glob(entry.name) and _tried(found, entry, touched)
    if fits is None:
        found.unread.append(entry)
    elif fits:
        found.globs += [entry] if all(entry.name != glob.name for glob in found.globs) else []
    else:
        found.untouched.append(entry)


def _tried(found: Listing, glob: Path, touched: set[str]) -> bool | None:
    """Says whether a pattern matches a changed file; None if the limit of patterns is reached."""
    if glob.name not in found.tried:
        if len(found.tried) == MAX_GLOBS:
            return None
        found.tried[glob.name] = any(_summed(name, [glob]) for name in touched)
    return found.tried[glob.name]


def _exact(item: Item) -> Iterator[str]:
    """The exact names in the lines. Paths without extension or with spaces are recognised by means of the diff."""
    for row in rows(item):
        for piece in pieces(row.text):
            yield piece.text
            if not piece.code:
                yield from (word.strip("*,;()").removeprefix("./") for word in piece.text.split())


def _summed(path: str, globs: Sequence[Path]) -> bool:
    return any(chosen((glob.name.removeprefix("!"),), path) for glob in globs)


def _summary(globs: Sequence[str]) -> str:
    return f"; patterns may only cover generated files: {listed(list(globs), 3)}" if globs else ""


def _files(names: Sequence[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{len(names)} files are"
