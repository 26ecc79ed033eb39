"""Makes a snapshot of what somebody wrote down by hand: an issue or a pull request that needn't be on any server.

Texts are searched and masked as when observing; hashes are of the texts as they were given, a final newline included.
A diff stands for one commit that has no id. What isn't given is empty.
"""

from dataclasses import dataclass, field
from datetime import datetime

from bot.git import files_of
from bot.git.diff import AddedText, CommitPatch, StoredCommit, added_texts
from bot.model import ChangedFile, Commit, Gap, Inputs, Location, Own, Side, Snapshot, Target, digest
from bot.policy import Policy
from bot.scan import Scanner, read_texts
from bot.scan.additions import read_added
from bot.scan.commits import Commits, Searched, search

NO_COMMIT = Commit(sha="", author="", message="")


@dataclass(frozen=True)
class Pieces:
    """What is known of a target. Texts are raw; `unread` says what a reader of the diff passed over, and why."""

    target: Target
    title: str = ""
    body: str = ""
    author: str = ""
    labels: tuple[str, ...] = ()
    state: str = "open"
    draft: bool = False
    base: str = ""
    diff: str = ""
    unread: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)


def snapshot_of(pieces: Pieces, scanner: Scanner, taken_at: datetime) -> Snapshot:
    """Gives the snapshot that an observer would take of a target with nothing else on it. Raises DiffError."""
    files = files_of(pieces.diff)
    added = tuple(added_texts(pieces.diff, context=True))
    found = _searched(scanner, pieces.diff, files, added)
    texts = read_texts(scanner, [Location(where="title"), Location(where="body")], [pieces.title, pieces.body])
    lines = read_added(scanner, pieces.diff, {file.path: found.paths[file.path] for file in files}, {})
    inputs = Inputs(
        title=texts.masked[0],
        body=texts.masked[1],
        title_hash=digest(pieces.title),
        body_hash=digest(pieces.body),
        author=pieces.author,
        state=pieces.state,
        draft=pieces.draft,
        labels=tuple(sorted(map(scanner.mask, pieces.labels))),
        base=Side(ref=scanner.mask(pieces.base) if pieces.base else ""),
        files=tuple(_shown(file, found) for file in files),
        added=lines.runs,
        added_cut=lines.cut,
        leaks=(*found.leaks, *texts.leaks),
        gaps=(*_gaps(pieces, found), *texts.gaps),
    )
    return Snapshot(target=pieces.target, taken_at=taken_at, inputs=inputs, policy=pieces.policy, own=Own(account=""))


def _searched(scanner: Scanner, diff: str, files: tuple[ChangedFile, ...], added: tuple[AddedText, ...]) -> Searched:
    patch = CommitPatch(NO_COMMIT, tuple((file, digest(diff)) for file in files), added)
    return search(scanner, Commits("", [patch], frozenset(), {NO_COMMIT.sha: StoredCommit("", "")}, frozenset()))


def _gaps(pieces: Pieces, found: Searched) -> list[Gap]:
    """What was passed over in the diff; a commit without an id has no name to tell."""
    of = digest(pieces.diff)
    unread = [Gap(what="a part of the diff", why=why, of=of) for why in pieces.unread]
    return [*unread, *(gap.model_copy(update={"what": gap.what.removesuffix(" in ")}) for gap in found.gaps)]


def _shown(file: ChangedFile, found: Searched) -> ChangedFile:
    old = found.paths[file.old_path] if file.old_path else ""
    return file.model_copy(update={"path": found.paths[file.path], "old_path": old})
