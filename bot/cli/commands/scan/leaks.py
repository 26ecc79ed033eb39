"""Scans a text, a diff or a range of commits for `assay scan`: the secrets found, and what could not be scanned."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.cli.checkout import Checkout
from bot.cli.given_diff import unread
from bot.git.diff import AddedText, CommitPatch, DiffError, added_texts, decode, read_log
from bot.scan import Hit, Scanner
from bot.text import visible

TWO = 2


@dataclass(frozen=True)
class Found:
    """A secret's place and fingerprint, never its text. `commit` is empty outside of a range."""

    rule: str
    severity: str
    path: str
    line: int
    commit: str
    fingerprint: str
    suppressed: bool


@dataclass(frozen=True)
class Scanned:
    """The secrets, and what could not be scanned (`errors`): the input is clean only if both are empty."""

    findings: tuple[Found, ...]
    errors: tuple[str, ...] = ()


async def scan_text(scanner: Scanner, data: bytes, name: str) -> Scanned:
    """Return the secrets of a whole text."""
    result = await asyncio.to_thread(scanner.scan, data)
    path = scanner.mask(visible(name))
    return Scanned(tuple(_found(hit, path, hit.line, "") for hit in result.hits), result.gaps)


async def scan_diff(scanner: Scanner, data: bytes) -> Scanned:
    """Return the secrets in the added lines of a unified diff; of a truncated one, those before the end."""
    diff, errors = decode(data), list[str]()
    added = list(_readable(diff, errors))
    errors += unread(diff, added)
    found = await _scan_added(scanner, added, errors)
    return Scanned(tuple(found), tuple(errors))


async def scan_range(scanner: Scanner, checkout: Checkout, start: str, end: str) -> Scanned:
    """Return the secrets in added lines and messages of a range of commits; merges are read as remerge diffs.

    Raises GitError.
    """
    log = await checkout.log(start, end)
    patches = await asyncio.to_thread(lambda: list(read_log(log.output)))
    errors = [log.cut] if log.cut else []
    errors += _gaps(patches, await checkout.boundary())
    added = [text for patch in patches for text in patch.added]
    found = await _scan_added(scanner, added, errors)
    found += await _scan_messages(scanner, patches, errors)
    order = {patch.commit.sha: place for place, patch in enumerate(patches)}
    return Scanned(tuple(sorted(found, key=lambda one: order[one.commit])), tuple(errors))


def _readable(diff: str, errors: list[str]) -> Iterator[AddedText]:
    try:
        yield from added_texts(diff, context=True)
    except DiffError as fault:
        errors.append(f"the rest of the diff: {fault}; create it again with git diff")


def _gaps(patches: Sequence[CommitPatch], boundary: frozenset[str]) -> Iterator[str]:
    for patch in patches:
        sha = patch.commit.sha
        if patch.fault:
            yield f"part of commit {sha[:10]}: {patch.fault}"
        if len(patch.commit.parents) > TWO:
            yield f"commit {sha[:10]} merges more than two branches; its own changes were not scanned"
        if sha in boundary:
            yield f"commits before {sha[:10]} are missing from this shallow checkout; run git fetch --unshallow"


async def _scan_added(scanner: Scanner, added: Sequence[AddedText], errors: list[str]) -> list[Found]:
    found: list[Found] = []
    results = await scanner.scan_many([text.text for text in added])
    for text, result in zip(added, results, strict=True):
        if not (result.hits or result.gaps):
            continue
        path = scanner.mask(visible(text.path))
        lines = [(hit, text.added_line(hit.line, hit.start, hit.end)) for hit in result.hits]
        found += [_found(hit, path, line, text.commit) for hit, line in lines if line]
        errors += [f"{path}{_of(text.commit)}: {gap}" for gap in result.gaps]
    return found


async def _scan_messages(scanner: Scanner, patches: Sequence[CommitPatch], errors: list[str]) -> list[Found]:
    found: list[Found] = []
    messages = [patch.commit.message.encode("utf-8", "replace").decode() for patch in patches]
    results = await scanner.scan_many(messages)
    for patch, result in zip(patches, results, strict=True):
        sha = patch.commit.sha
        found += [_found(hit, "", hit.line, sha) for hit in result.hits]
        errors += [f"the message{_of(sha)}: {gap}" for gap in result.gaps]
    return found


def _found(hit: Hit, path: str, line: int, commit: str) -> Found:
    return Found(hit.rule, hit.severity, path, line, commit, hit.fingerprint, hit.suppressed)


def _of(commit: str) -> str:
    return f" of {commit[:10]}" if commit else ""
