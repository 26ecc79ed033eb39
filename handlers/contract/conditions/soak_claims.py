"""Finds claims that a soak started or ended, in the title, the description and added lines."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.model import AddedLines, Location, Snapshot
from handlers.contract.rules import line
from handlers.facts.description.sections import Pack
from handlers.soak import claim_of, sentences

MAX_CLAIMS = 5
_MARKDOWN = (".md", ".markdown", ".mdx")
_COMMENT = "#/*; \t"
"""The characters that may start a comment in code."""


class Claim(NamedTuple):
    """A claim: its sentence, its place in words, and its location."""

    text: str
    where: str
    at: Location


def soak_claims(pack: Pack, snapshot: Snapshot) -> list[Claim]:
    """Gives the first claims. Out-of-scope items and merge blockers do not count."""
    found: list[Claim] = []
    for claim in _all(pack, snapshot):
        found.append(claim)
        if len(found) == MAX_CLAIMS:
            break
    return found


def _all(pack: Pack, snapshot: Snapshot) -> Iterator[Claim]:
    seen = snapshot.inputs
    if _claims(seen.title):
        yield Claim(seen.title, "the title", Location(where="title"))
    for name, part in pack.parts.items():
        for item in part.read if name not in {"out-of-scope", "merge-blockers"} else ():
            for at, text in sentences(item.text) if item.form != "fence" else ():
                if _claims(text):
                    yield Claim(text, "the description", line(item.line + at - 1))
    for run in seen.added:
        for at, text in _added(run):
            if _claims(text):
                place = run.start + at - 1
                yield Claim(text, f"{run.path}:{place}", Location(where="diff", path=run.path, line=place))


def _added(run: AddedLines) -> Iterator[tuple[int, str]]:
    """The sentences of Markdown, or each line of code, where indentation and `#` have another meaning."""
    if run.path.lower().endswith(_MARKDOWN):
        yield from sentences(run.text)
        return
    for at, row in enumerate(run.text.split("\n"), start=1):
        yield at, row.strip(_COMMENT)


def _claims(text: str) -> bool:
    """Says whether a text is a claim. A removal is one only if the sentence mentions a soak."""
    stage = claim_of(text)
    return stage is not None and (stage != "removed" or "soak" in text.casefold())
