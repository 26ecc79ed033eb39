"""Lints the workflows that a pull request changes, at its head: with a JSON schema and with zizmor.

A file that could not be linted is reported as a gap. Results are cached by the files' contents.
"""

import asyncio
import re
from collections.abc import Sequence

from bot.fact_cache import AGAIN, FOREVER, FactCache
from bot.git import GitError, Mirrors
from bot.git.tree import Ends
from bot.model import ChangedFile, Gap, Lint, Severity, canonical, digest
from bot.workflows.files import File, read_files
from bot.workflows.schema import mistakes
from bot.workflows.yaml12 import Workflow, WorkflowError
from bot.workflows.zizmor import Unreadable, Zizmor, ZizmorError

PLACES = (".forgejo/workflows/", ".gitea/workflows/", ".github/workflows/")
ENDINGS = (".yml", ".yaml")
MOST_FILES, MOST_LINTS = 50, 200
REMEMBERED = 512
REFERENCE = "https://forgejo.org/docs/latest/user/actions/reference/"
"""The reference of the workflow syntax."""

_OWN_KEY = re.compile(rb"(?m)^([ \t]*)enable-[a-z-]+:[ \t]*(?:true|false)[ \t]*(?=\r?$|#)")

Found = tuple[tuple[Lint, ...], tuple[Gap, ...]]


class WorkflowLints:
    """Lints workflows from mirrors, and caches the results."""

    def __init__(self, mirrors: Mirrors, zizmor: Zizmor | None = None) -> None:
        self._mirrors = mirrors
        self._zizmor = zizmor or Zizmor()
        self._heads: FactCache[tuple[str, str, tuple[str, ...]], Found] = FactCache(REMEMBERED)
        self._contents: FactCache[tuple[tuple[str, str], ...], Found] = FactCache(REMEMBERED)

    async def read(self, ends: Ends, files: Sequence[ChangedFile]) -> Found:
        """Return the findings on the changed workflows, and gaps."""
        changed = tuple(file.path for file in files if is_workflow(file))
        if not changed:
            return (), ()
        key = (ends.repository, ends.head, changed)
        known = self._heads.get(key)
        if known is not None:
            return known
        try:
            found, gaps = await self._read(ends, changed[:MOST_FILES])
        except GitError as fault:
            found, gaps = (), tuple(_gap(path, str(fault), ends.head) for path in changed[:MOST_FILES])
        if changed[MOST_FILES:]:
            why = f"only {MOST_FILES} of {len(changed)} changed workflows are linted"
            gaps = (*gaps, _gap("further files", why, ends.head))
        return self._heads.keep(key, (found, gaps), AGAIN if gaps else FOREVER)

    async def _read(self, ends: Ends, paths: Sequence[str]) -> Found:
        files, gaps = await read_files(self._mirrors.mirror(ends.repository), ends.head, paths)
        key = tuple((file.path, file.blob) for file in files)
        known = self._contents.get(key)
        if known is None:
            found = await self._lint(files)
            known = self._contents.keep(key, found, AGAIN if found[1] else FOREVER)
        return known[0], (*known[1], *gaps)

    async def _lint(self, files: Sequence[File]) -> Found:
        checked = await asyncio.to_thread(lambda: [_by_schema(_portable(file)) for file in files])
        lints = [lint for found, _ in checked for lint in found]
        sound = [_portable(file) for file, (_, readable) in zip(files, checked, strict=True) if readable]
        dangers, gaps = await self._audited(sound)
        unread = tuple(_gap(file.path, why, file.blob) for file, why in gaps)
        found = (*lints, *dangers)
        if len(found) > MOST_LINTS:
            why = f"only the {MOST_LINTS} worst of {len(found)} findings are listed"
            unread = (*unread, _gap("further places", why, digest(canonical([file.blob for file in files]))))
        return _worst(found), unread

    async def _audited(self, files: Sequence[File]) -> tuple[list[Lint], list[tuple[File, str]]]:
        """Audit all files together; if one is unreadable, audit each file separately, so that no finding is lost."""
        try:
            return await self._dangers(files), []
        except Unreadable as fault:
            if len(files) == 1:
                return [], [(files[0], str(fault))]
        except ZizmorError as fault:
            return [], [(file, str(fault)) for file in files]
        lints, gaps = list[Lint](), list[tuple[File, str]]()
        for number, file in enumerate(files):
            try:
                lints += await self._dangers([file])
            except Unreadable as fault:
                gaps.append((file, str(fault)))
            except ZizmorError as fault:
                return lints, [*gaps, *((rest, str(fault)) for rest in files[number:])]
        return lints, gaps

    async def _dangers(self, files: Sequence[File]) -> list[Lint]:
        found = await self._zizmor.audit([file.content for file in files], self._mirrors.root)
        return [
            Lint(
                tool="zizmor",
                rule=one.rule,
                severity=one.severity,
                path=files[one.file].path,
                line=one.line,
                title=one.title,
                url=one.url,
            )
            for one in found
        ]


def is_workflow(file: ChangedFile) -> bool:
    """Return whether a changed file is a workflow at the head."""
    return file.status != "deleted" and file.path.startswith(PLACES) and file.path.endswith(ENDINGS)


def _worst(lints: Sequence[Lint]) -> tuple[Lint, ...]:
    """Return the most severe lints in the order of their places, so that many minor ones hide no severe one."""
    kept = sorted(lints, key=lambda lint: (-lint.severity.rank, lint.path, lint.line, lint.rule))[:MOST_LINTS]
    return tuple(sorted(kept, key=lambda lint: (lint.path, lint.line, lint.rule)))


def _gap(path: str, why: str, of: str) -> Gap:
    return Gap(what=f"the workflow lint of {path}", why=why, of=of)


def _portable(file: File) -> File:
    """Turn keys that only Forgejo knows into comments, which keeps line numbers."""
    ours = not file.path.startswith(PLACES[-1])
    return File(file.path, file.blob, _OWN_KEY.sub(rb"\1# ", file.content) if ours else file.content)


def _by_schema(file: File) -> tuple[list[Lint], bool]:
    """Return the schema errors of a workflow, and whether it is readable."""
    try:
        found = mistakes(Workflow(file.content))
    except WorkflowError as fault:
        title = f"invalid YAML: {fault}"
        return [_form(file, "not-yaml", fault.line, title, Severity.HIGH)], False
    return [_form(file, one.rule, one.line, one.title, Severity.MEDIUM) for one in found], True


def _form(file: File, rule: str, line: int, title: str, severity: Severity) -> Lint:
    return Lint(tool="schema", rule=rule, severity=severity, path=file.path, line=line, title=title, url=REFERENCE)
