"""Builds a snapshot from options and files: an issue or a pull request that does not have to exist on a server.

Texts are scanned and masked as when observing; hashes are of the given texts, a final newline included. A diff is
treated as one commit without an id. Everything else is empty.
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
class ManualInput:
    """The given parts of a target. Texts are raw; `unread` lists parts of the diff that could not be read, and why."""

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


def snapshot_of(given_by_hand: ManualInput, scanner: Scanner, taken_at: datetime) -> Snapshot:
    """Return the snapshot that an observer would take of a target with nothing else on it. Raises DiffError."""
    files = files_of(given_by_hand.diff)
    added = tuple(added_texts(given_by_hand.diff, context=True))
    found = _searched(scanner, given_by_hand.diff, files, added)
    texts = read_texts(
        scanner, [Location(where="title"), Location(where="body")], [given_by_hand.title, given_by_hand.body]
    )
    lines = read_added(scanner, given_by_hand.diff, {file.path: found.paths[file.path] for file in files}, {})
    inputs = Inputs(
        title=texts.masked[0],
        body=texts.masked[1],
        title_hash=digest(given_by_hand.title),
        body_hash=digest(given_by_hand.body),
        author=given_by_hand.author,
        state=given_by_hand.state,
        draft=given_by_hand.draft,
        labels=tuple(sorted(map(scanner.mask, given_by_hand.labels))),
        base=Side(ref=scanner.mask(given_by_hand.base) if given_by_hand.base else ""),
        files=tuple(_shown(file, found) for file in files),
        added=lines.runs,
        added_cut=lines.cut,
        leaks=(*found.leaks, *texts.leaks),
        gaps=(*_gaps(given_by_hand, found), *texts.gaps),
    )
    return Snapshot(
        target=given_by_hand.target, taken_at=taken_at, inputs=inputs, policy=given_by_hand.policy, own=Own(account="")
    )


def _searched(scanner: Scanner, diff: str, files: tuple[ChangedFile, ...], added: tuple[AddedText, ...]) -> Searched:
    patch = CommitPatch(NO_COMMIT, tuple((file, digest(diff)) for file in files), added)
    return search(scanner, Commits("", [patch], frozenset(), {NO_COMMIT.sha: StoredCommit("", "")}, frozenset()))


def _gaps(given_by_hand: ManualInput, found: Searched) -> list[Gap]:
    """Return the gaps in the diff; the commit has no id, so their names leave it out."""
    of = digest(given_by_hand.diff)
    unread = [Gap(what="a part of the diff", why=why, of=of) for why in given_by_hand.unread]
    return [*unread, *(gap.model_copy(update={"what": gap.what.removesuffix(" in ")}) for gap in found.gaps)]


def _shown(file: ChangedFile, found: Searched) -> ChangedFile:
    old = found.paths[file.old_path] if file.old_path else ""
    return file.model_copy(update={"path": found.paths[file.path], "old_path": old})
