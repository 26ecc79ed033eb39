"""Matches label rules against facts, and describes the match in words that change only with the facts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.policy import When, named
from handlers.facts.change import Facts
from handlers.facts.patterns import cost, says, text_fits

WARNINGS = ("class/", "risk/", "safety:")
"""Label families for warnings. A new file is a new warning, even if somebody removed the label for earlier files."""
MAX_PLACES = 100


@dataclass(frozen=True)
class Fit:
    """A match: the matching entries of each condition, and the files that the paths select."""

    entries: Mapping[str, tuple[str, ...]]
    places: tuple[str, ...] = ()

    def why(self) -> str:
        """Gives the conditions with the matching entries; the same text for the same facts."""
        return "; ".join(f"{name} {', '.join(found)}" for name, found in self.entries.items()) or "always"

    def basis(self, rule: str, label: str) -> str:
        """Gives the basis of a label: the rule, its facts and, for a warning, the files."""
        text = f'rule "{rule}": {self.why()}'
        return f"{text}; in {', '.join(self.places)}" if self.places and label.startswith(WARNINGS) else text


def fit(when: When, facts: Facts) -> Fit | None:
    """Gives the match, or None if a condition does not hold. Cheap conditions are checked first."""
    entries: dict[str, tuple[str, ...]] = {}
    for name, ask in CONDITIONS.items():
        wanted = getattr(when, name)
        if wanted:
            entries[name] = ask(wanted, facts)
            if not entries[name]:
                return None
    files = _choosing((*when.paths, *when.only), facts) if when.paths or when.only else {}
    return Fit(entries, tuple(sorted(files)[:MAX_PLACES]))


def _equal(fact: Callable[[Facts], Iterable[str]]) -> Callable[[Sequence[str], Facts], tuple[str, ...]]:
    def ask(wanted: Sequence[str], facts: Facts) -> tuple[str, ...]:
        known = {text.casefold() for text in fact(facts) if text}
        return tuple(text for text in wanted if text.casefold() in known)

    return ask


def _like(fact: Callable[[Facts], Iterable[str]]) -> Callable[[Sequence[str], Facts], tuple[str, ...]]:
    def ask(wanted: Sequence[str], facts: Facts) -> tuple[str, ...]:
        texts = [text for text in fact(facts) if text]
        if not facts.budget.allows(sum(cost(pattern, text) for pattern in wanted for text in texts)):
            return ()
        return tuple(pattern for pattern in wanted if any(text_fits(pattern, text) for text in texts))

    return ask


def _said(fact: Callable[[Facts], str]) -> Callable[[Sequence[str], Facts], tuple[str, ...]]:
    return lambda wanted, facts: tuple(phrase for phrase in wanted if says(fact(facts), phrase))


def _author(wanted: Sequence[str], facts: Facts) -> tuple[str, ...]:
    return tuple(login for login in wanted if named(facts.snapshot.inputs.author, (login,)))


def _paths(wanted: Sequence[str], facts: Facts) -> tuple[str, ...]:
    return tuple(sorted(set(_choosing(wanted, facts).values()), key=wanted.index))


def _only(wanted: Sequence[str], facts: Facts) -> tuple[str, ...]:
    names = {name for file in facts.files for name in file}
    found = _choosing(wanted, facts)
    return tuple(sorted(set(found.values()), key=wanted.index)) if names and len(found) == len(names) else ()


def _choosing(patterns: Sequence[str], facts: Facts) -> dict[str, str]:
    """The changed files that the patterns select, each with the deciding pattern."""
    return facts.names.chosen(patterns)


CONDITIONS: Mapping[str, Callable[[Sequence[str], Facts], tuple[str, ...]]] = {
    "kind": _equal(lambda facts: (facts.kind,)),
    "state": _equal(lambda facts: facts.states),
    "by": _equal(lambda facts: facts.by),
    "author": _author,
    "type": _equal(lambda facts: facts.announced.types),
    "scope": _equal(lambda facts: facts.announced.scopes),
    "title": _like(lambda facts: (facts.snapshot.inputs.title,)),
    "base": _like(lambda facts: (facts.base,)),
    "tier": _equal(lambda facts: (facts.tier,)),
    "size": _equal(lambda facts: (facts.size,)),
    "secrets": _equal(lambda facts: (leak.severity for leak in facts.leaks)),
    "words": _said(lambda facts: facts.words),
    "adds": _said(lambda facts: facts.added),
    "sections": _like(lambda facts: facts.sections),
    "paths": _paths,
    "only": _only,
}
"""The conditions of a rule. Each function gives the rule's matching entries."""
