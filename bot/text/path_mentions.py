"""Finds possible paths of the repository in a description, normalised for a lookup.

Anything with a slash may be a path, and so may a word with a file extension. The check decides whether it is meant as a
path: a lookup of `and/or` does no harm.
"""

import re
from collections.abc import Iterator

from bot.text.markdown import Span, spans

MOST = 300
"""Maximum number of paths looked up per description."""

LONGEST, DEEPEST = 250, 30
ENDLESS = 600
PUNCTUATION = ".,:;!?\u2026"

_ENDINGS = (
    "adoc bash bat c cc cfg cjs conf cpp cs css csv diff dockerfile env ex exs go gradle graphql h hcl "
    "hpp html ini ipynb j2 java jinja js json json5 jsonl jsx kt less lock lua md mdx mjs mk nix patch "
    "php pl po proto ps1 py pyi rb rs rst sass scala scss service sh sql svelte svg swift tf tfvars timer "
    "tmpl toml ts tsx txt vue xml yaml yml zig zsh"
)
EXTENSIONS = frozenset(_ENDINGS.split())
FILES = frozenset(("CODEOWNERS", "Containerfile", "Dockerfile", "Justfile", "LICENSE", "Makefile", "Procfile"))
"""File extensions: a word without a slash needs one to count as a file name."""

_WORDS = re.compile(r"[^\s\"'`<>|(){}\[\],;=\u201c\u201d\u2018\u2019\u201e\xab\xbb]+")
_SUFFIX = re.compile(r"(?:#.*|::.*|(?::\d+(?:[:-]\d+)*))$")
_NEVER = re.compile(r"://|[\\*?$%\x00-\x1f\x7f]")


def path_names(body: str) -> tuple[str, ...]:
    """Return the paths in a description, each once: those in inline code first, those in code blocks last.

    `./`, a trailing slash, a line number, an anchor and punctuation are not part of a path. Patterns, URLs, options,
    and words that begin with `/`, `~` or `..` are not paths of a repository.
    """
    order = ("code", "plain", "block")
    sorted_pieces = sorted(spans(body), key=lambda span: order.index(span.form))
    return tuple(dict.fromkeys(name for span in sorted_pieces for name in _names(span)))[:MOST]


def _names(span: Span) -> Iterator[str]:
    """Return the paths in inline code, which may contain brackets and spaces."""
    code = span.form == "code"
    for word in (*([span.text.strip()] if code else []), *words(span.text)):
        path = normal(word)
        if path and _possible(path) and ("/" in path or _is_file(path, code=code)):
            yield path


def _possible(path: str) -> bool:
    segments = path.split("/")
    if len(path) > LONGEST or len(segments) > DEEPEST or path[0] in "-~@" or _NEVER.search(path):
        return False
    return not {"", ".", ".."} & set(segments)


def _is_file(name: str, *, code: bool) -> bool:
    ending = name.rpartition(".")[2].lower() if "." in name[1:] else ""
    return ending in EXTENSIONS or (code and (ending.isalnum() or name in FILES))


def words(text: str) -> Iterator[str]:
    """Return the words between spaces, brackets and quotes."""
    return (match[0] for match in _WORDS.finditer(text))


def cleaned(word: str) -> str:
    """Return a word without emphasis, punctuation, line number and anchor; empty if it is too long."""
    if len(word) > ENDLESS:
        return ""
    path = word.rstrip(PUNCTUATION)
    if path[:1] in {"*", "~"}:
        path = path.strip("*~").rstrip(PUNCTUATION)
    return _SUFFIX.sub("", path).rstrip(PUNCTUATION)


def normal(word: str) -> str:
    """Return a word normalised as a path; empty if it is not a path."""
    path = cleaned(word)
    while path.startswith("./"):
        path = path[2:]
    return "" if path.startswith("/") else path.rstrip("/")
