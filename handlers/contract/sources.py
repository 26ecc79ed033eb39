"""The sources of a description: named paths must be in the tree, and named pull requests and issues must exist."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.model import Finding, Reference, Snapshot
from bot.policy import SectionName
from handlers.contract.rules import finding, line, listed
from handlers.facts.description import mentions as text
from handlers.facts.description.sections import Pack, title
from handlers.facts.wording import quoted

SECTIONS: tuple[SectionName, ...] = ("relevant-context", "spec-sources-read")
SHOWN = 5


class Found(NamedTuple):
    """The named sources: missing paths, numbers in order, and paths that were not looked up."""

    missing: tuple[text.Path, ...]
    numbers: tuple[text.Reference, ...]
    unknown: tuple[str, ...]


def named(pack: Pack, snapshot: Snapshot) -> Found:
    """Gives the sources that the two sections name."""
    missing: dict[str, text.Path] = {}
    unknown: dict[str, None] = {}
    numbers: dict[int, text.Reference] = {}
    for item in pack.items(*SECTIONS):
        for path in text.entries(item):
            there = in_tree(path.name, snapshot)
            if there is None:
                unknown[path.name] = None
            elif not there:
                missing.setdefault(path.name, path)
        for reference in text.references(item, snapshot.target.repository):
            numbers.setdefault(reference.number, reference)
    return Found(tuple(missing.values()), tuple(numbers.values()), tuple(unknown))


def check(found: Found, snapshot: Snapshot) -> Iterator[Finding]:
    """Gives a finding for paths that are not in the tree, and one for numbers that do not exist."""
    if found.missing:
        names = [path.name for path in found.missing]
        yield finding(
            "path-missing",
            f"{listed(names, SHOWN)} {'is' if len(names) == 1 else 'are'} not in the tree of the head",
            "; ".join(quoted(path.text) for path in found.missing[:SHOWN]),
            "Correct the path to one that exists at the head, or remove the line.",
            line(found.missing[0].line),
        )
    absent = [one for one in found.numbers if (known := state(one.number, snapshot)) and known.state == "missing"]
    if absent:
        names = [f"#{one.number}" for one in absent]
        yield finding(
            "reference-missing",
            f"{listed(names, SHOWN)}: no such pull request or issue",
            "; ".join(quoted(one.text) for one in absent[:SHOWN]),
            "Correct the number, or remove the line.",
            line(absent[0].line),
        )


def in_tree(path: str, snapshot: Snapshot) -> bool | None:
    """Says whether a path exists at the head; None if it was not looked up. Patterns are not looked up."""
    seen = snapshot.inputs
    if text.is_glob(path.rstrip("/")):
        return True
    plain = path.rstrip("/")
    known = [seen.paths[name] for name in (path, plain, f"{plain}/", f"./{plain}") if name in seen.paths]
    if known:
        return any(known)
    changed = [file.status != "deleted" for file in seen.files if file.path == plain]
    return changed[0] if changed else None


def state(number: int, snapshot: Snapshot) -> Reference | None:
    """Gives the known state of a number."""
    return next((one for one in snapshot.inputs.references if one.number == number), None)


def described(one: Reference) -> str:
    """Gives a pull request or issue with its state."""
    kind = {"pull": "pull request, ", "issue": "issue, "}.get(one.kind, "")
    return f"#{one.number} ({one.state if one.state == 'missing' else kind + one.state})"


def notes(found: Found, snapshot: Snapshot) -> Iterator[str]:
    """Gives the state of each reference, and the paths that were not looked up."""
    if found.numbers:
        known = ((one.number, state(one.number, snapshot)) for one in found.numbers)
        states = [described(reference) if reference else f"#{number} (not looked up)" for number, reference in known]
        yield f"References: {listed(states, 30)}."
    if found.unknown:
        sections = " and ".join(title(name) for name in SECTIONS)
        yield f"Named under {sections}, but not looked up in the tree: {listed(list(found.unknown), SHOWN)}."
