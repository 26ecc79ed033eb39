"""Signals of the kind of work that a title and description name: on code, on texts, or on findings of checks."""

import re
from collections.abc import Iterator, Mapping, Sequence

from handlers.language.clauses import bracketed, led, segments, texts
from handlers.language.forms import singular
from handlers.language.lexicon import SOFTWARE
from handlers.language.words import Line, Word, word_set

CODE_TYPES = frozenset(["feat", "fix", "perf", "refactor", "test", "tests", "docs", "style", "i18n", "bug", "feature"])
"""Title types that announce a change to a program or text; such a title describes behaviour."""
_TYPE = re.compile(r"\s*\[?([a-z]{2,12})\]?(?:\([^()]{1,60}\))?!?:\s")
CODE_VERBS = word_set(
    "fix implement add support refactor handle parse render cache rename extract migrate make expose optimise "
    "optimize use port replace remove bump upgrade drop simplify allow show hide convert return reject validate "
    "move split inline deduplicate retry speed stop prevent log introduce cover test mock sort filter escape "
    "build generate create delete update avoid teach let enable disable reduce limit bound wire store load read "
    "set change switch debug"
)
TEXT_VERBS = word_set(
    "write draft summarise summarize translate document describe explain research investigate compare evaluate "
    "survey announce collect outline propose publish prepare reply explore study interview present proofread "
    "edit reword report assess gather brief find"
)
WRITING = word_set("write draft prepare collect propose")
AMBIGUOUS = word_set("add update create fix")
"""Verbs for both code and texts; their object decides."""
CHECK_VERBS = word_set("review verify check audit recheck rebase rerun triage confirm sanity crosscheck inspect")
TEXT_NOUNS = word_set(
    "summary newsletter blog post article announcement guide tutorial readme docs documentation runbook "
    "translation comparison research survey notes faq glossary adr proposal email letter presentation talk essay "
    "overview report recap write-up writeup wording changelog handbook"
)
LINTERS = word_set(
    "lint linter ruff mypy flake8 prettier eslint shellcheck actionlint zizmor semgrep trivy bandit hadolint "
    "codespell pylint clippy"
)
"""Code checkers: fixing their findings is work on code, unless they are found on a pull request."""
CHECK_NOUNS = LINTERS | word_set(
    "formatting findings warnings rebase sanity trailing whitespace typo typos unused unpinned ci"
)
CODE_NOUNS = word_set(
    "function class endpoint api parser bug crash crashes exception traceback test tests cli flag option handler "
    "query regression timeout ui button page cache memory performance module method error client server json "
    "yaml field form layout css overflow modal dialog "
    "column dashboard scanner webhook pagination retry command script unit library refactoring helper "
    "duplicate"
)
_TALK: Mapping[str, frozenset[str]] = {"code-talk": CODE_NOUNS, "text-talk": TEXT_NOUNS, "check-talk": CHECK_NOUNS}


def title_type(folded_title: str) -> str:
    """Return the type at the start of a conventional title (`fix(parser): …`), otherwise an empty text."""
    found = _TYPE.match(folded_title)
    return found[1] if found else ""


def work(title: Line, *, typed: str = "") -> Iterator[str]:
    """Return the kinds of work that a title names, by its type, its verb and its object."""
    outside, _ = bracketed(title.words)
    said = [segment for segment in segments(outside) if not typed or texts(segment) - {typed}]
    words = texts(outside)
    nouns = {singular(word) for word in words} | words
    first = led(said[0]) if said else ""
    telling = {"how", "why"} & words and first in WRITING
    coded = bool(nouns & CODE_NOUNS) and not nouns & TEXT_NOUNS and first in WRITING and not telling
    if first in CHECK_VERBS and not _compound(said[0], first):
        yield "check-work"
    if (
        typed == "docs"
        or (first in TEXT_VERBS and not coded)
        or (nouns & TEXT_NOUNS and not nouns & LINTERS and first not in CODE_VERBS - AMBIGUOUS)
    ):
        yield "text-work"
    if telling:
        return
    if coded or first in CODE_VERBS or (nouns & (CODE_NOUNS | LINTERS) and first not in TEXT_VERBS | CHECK_VERBS):
        yield "code-work"
    if typed in CODE_TYPES - {"docs", "style", "i18n"}:
        yield "code-type"


def _compound(segment: Sequence[Word], verb: str) -> bool:
    """Return whether a word that looks like a verb is part of a noun: `Audit log page`."""
    row = [word.text for word in segment]
    following = row[row.index(verb) + 1 :][:1]
    return bool(following) and singular(following[0]) in SOFTWARE


def talk(lines: Sequence[Line]) -> Iterator[tuple[str, Line]]:
    """Return the kinds of work that the description mentions, each once."""
    for name, nouns in _TALK.items():
        line = next((one for one in lines if _plainly(nouns) & {singular(text) for text in texts(one.words)}), None)
        if line is not None:
            yield name, line


def _plainly(nouns: frozenset[str]) -> frozenset[str]:
    return nouns - {"report", "notes", "review", "overview"}
