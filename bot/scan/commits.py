"""Finds secrets in commits: in added lines, file names, and commit objects with their messages.

Names are masked here, since a secret in a name would appear wherever the file is mentioned. All of it runs in a thread:
a large number of secrets must not block the event loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.git.diff import AddedText, CommitPatch, StoredCommit
from bot.git.patches import paths_of
from bot.model import Gap, Leak, Location, Severity
from bot.scan.masking import WITHHELD, uncovered
from bot.scan.scanner import Hit, Scanner, ScanResult
from bot.text import visible

MAX_LEAKS = 2000
APART = str.maketrans("/.", "\n\n")
"""A path is also split at these: a value may end with a folder's name or before a file extension."""
LONGEST_BESIDE = 8
"""Maximum length of a file extension or a folder's name that does not make a secret next to it another one."""
NEW_NAME = frozenset({"added", "renamed", "copied"})


@dataclass(frozen=True)
class Searched:
    """The findings, and the masked forms of messages (by commit) and of paths (on one line).

    `late`: time ran out, so another evaluation may find more.
    """

    leaks: tuple[Leak, ...]
    gaps: tuple[Gap, ...]
    messages: Mapping[str, str]
    paths: Mapping[str, str]
    late: bool


@dataclass(frozen=True)
class Commits:
    """The input: the patches, which were dropped or not merged, and more commits and paths that are only masked."""

    head: str
    patches: Sequence[CommitPatch]
    dropped: frozenset[str]
    stored: Mapping[str, StoredCommit]
    paths: frozenset[str]
    unmerged: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Results:
    """The scanner's results by path, by commit (header and message), and for each added text."""

    paths: dict[str, ScanResult]
    headers: dict[str, ScanResult]
    messages: dict[str, ScanResult]
    added: list[tuple[AddedText, ScanResult]]


def search(scanner: Scanner, commits: Commits) -> Searched:
    """Return the secrets of a range of commits, at most MAX_LEAKS."""
    results = _scanned(scanner, commits)
    shown = {path: visible(_masked(scanner, path, result)) for path, result in results.paths.items()}
    leaks = list(islice(_leaks(commits, results, shown), MAX_LEAKS + 1))
    gaps = list(_gaps(commits, results, shown))
    if len(leaks) > MAX_LEAKS:
        gaps.append(Gap(what="further secrets", why=f"only the first {MAX_LEAKS} are listed", of=commits.head))
    return Searched(
        leaks=tuple(leaks[:MAX_LEAKS]),
        gaps=tuple(gaps),
        messages={
            sha: _masked(scanner, commits.stored[sha].message, result) for sha, result in results.messages.items()
        },
        paths=shown,
        late=any(
            result.late for group in (results.paths, results.headers, results.messages) for result in group.values()
        )
        or any(result.late for _, result in results.added),
    )


def leak_of(hit: Hit, location: Location) -> Leak:
    """Return a scanner's hit as a leak at a place."""
    return Leak(
        rule=hit.rule,
        family=hit.family,
        severity=Severity(hit.severity),
        location=location,
        fingerprint=hit.fingerprint,
        suppressed=hit.suppressed,
    )


def _scanned(scanner: Scanner, commits: Commits) -> _Results:
    """Scan names and messages first: they are shown, and unscanned ones would be withheld."""
    added = [text for patch in commits.patches for text in patch.added]
    paths = {*commits.paths, *(text.path for text in added)}
    paths |= {path for patch in commits.patches for path in paths_of(patch.files)}
    names, shas = sorted(paths), list(commits.stored)
    headers = [commits.stored[sha].header for sha in shas]
    messages = [commits.stored[sha].message for sha in shas]
    parts = [path.translate(APART) for path in names]
    found = iter(scanner.scan_all([*names, *parts, *headers, *messages, *(text.text for text in added)]))
    whole = [next(found) for _ in names]
    return _Results(
        {path: _either(one, next(found)) for path, one in zip(names, whole, strict=True)},
        {sha: next(found) for sha in shas},
        {sha: next(found) for sha in shas},
        [(text, next(found)) for text in added],
    )


def _either(whole: ScanResult, parts: ScanResult) -> ScanResult:
    """Return a name's secrets; one within a part is not reported again with the extension or folder next to it."""
    spans = sorted({(hit.start, hit.end) for hit in parts.hits})
    known = {hit.fingerprint for hit in parts.hits}
    others = [
        hit
        for hit in whole.hits
        if hit.fingerprint not in known
        and (left := uncovered(hit.start, hit.end, spans)) > 0
        and (left > LONGEST_BESIDE or left == hit.end - hit.start)
    ]
    gaps = tuple(dict.fromkeys((*whole.gaps, *parts.gaps)))
    return ScanResult((*parts.hits, *others), gaps, whole.late or parts.late)


def _masked(scanner: Scanner, text: str, result: ScanResult) -> str:
    return WITHHELD if result.gaps else scanner.mask(text, result.hits)


def _leaks(commits: Commits, results: _Results, shown: Mapping[str, str]) -> Iterator[Leak]:
    for text, result in results.added:
        for hit in result.hits:
            number = text.added_line(hit.line, hit.start, hit.end)
            if number:  # context lines existed before
                place = Location(where="diff", path=shown[text.path], line=number, commit=text.commit)
                yield _of(hit, place, commits)
    for patch in commits.patches:
        sha = patch.commit.sha
        known = set[str]()
        for hit in (*results.messages[sha].hits, *results.headers[sha].hits):
            if hit.fingerprint not in known:
                known.add(hit.fingerprint)
                yield _of(hit, Location(where="message", commit=sha), commits)
        yield from _in_names(patch, commits, results, shown)


def _in_names(patch: CommitPatch, commits: Commits, results: _Results, shown: Mapping[str, str]) -> Iterator[Leak]:
    """Report a folder's name once per commit, not again for each file in it."""
    known = set[str]()
    for path in (file.path for file, _ in patch.files if file.status in NEW_NAME):
        for hit in results.paths[path].hits:
            if hit.fingerprint not in known:
                known.add(hit.fingerprint)
                yield _of(hit, Location(where="path", path=shown[path], commit=patch.commit.sha), commits)


def _of(hit: Hit, place: Location, commits: Commits) -> Leak:
    found = {"dropped": place.commit in commits.dropped, "unmerged": place.commit in commits.unmerged}
    return leak_of(hit, place).model_copy(update=found)


def _gaps(commits: Commits, results: _Results, shown: Mapping[str, str]) -> Iterator[Gap]:
    blobs = {(patch.commit.sha, file.path): blob for patch in commits.patches for file, blob in patch.files}
    for text, result in results.added:
        of = blobs.get((text.commit, text.path), text.commit)
        for why in result.gaps:
            yield Gap(what=f"file {shown[text.path]} in {text.commit[:10]}", why=why, of=of)
    for patch in commits.patches:
        sha = patch.commit.sha
        for why in dict.fromkeys((*results.messages[sha].gaps, *results.headers[sha].gaps)):
            yield Gap(what=f"message of {sha[:10]}", why=why, of=sha)
        for path in (file.path for file, _ in patch.files):
            for why in results.paths[path].gaps:
                yield Gap(what=f"the name of a file in {sha[:10]}", why=why, of=sha)
