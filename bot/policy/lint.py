"""Finds settings that are valid but cannot do what their author meant: patterns that match no path, protection without
paths, two gates with one phrase.

They are errors in a new file only. A stored policy that this version would refuse stays in force as it was.
"""

import fnmatch
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel

from bot.policy.guards import DocsDriftGuard, RedZoneGuard
from bot.policy.labels import PathPattern

if TYPE_CHECKING:
    from bot.policy.policy import Policy

MISPLACED = re.compile(r"(?:\.(?:forgejo|gitea|github)/)?\.?assay(?:master)?\.ya?ml", re.IGNORECASE)
"""Names that a policy may have been given by mistake; the bot reads none of them."""
FOLDERS = frozenset({".forgejo", ".gitea", ".github"})

Key = tuple[str | int, ...]
Mistake = tuple[Key, str]
"""The keys of a value, as in the file, and what is wrong with it."""

ROOT = 'write it from the repository\'s root, such as "infra/"'
EMPTY = 'matches no file; use a pattern such as "docs/" or "*.md"'
ALONE = "excludes files, but no entry before it selects any; write the selecting pattern first, or remove it"
CANCELLED = "is excluded again by a later entry of this list, so it selects nothing; remove one of them"
UNCLOSED = 'has "[" without "]" in the same folder or file name; close it, or write [[] for a bracket'
NO_CLASS = "has a range in brackets that contains no character; write it in order, such as [a-z]"
EXTRA = frozenset({"generated"})
"""Lists that add to built-in patterns, so that an exclusion may stand alone."""
ALL = frozenset({"*", "**", "/*", "/**", "**/*", "/**/*"})

_FAULTS = tuple(
    (re.compile(pattern, re.IGNORECASE), text)
    for pattern, text in (
        (r"[\x00-\x1f\x7f]", "has a line break or control character; write one pattern for each entry"),
        (r"^#", 'matches no file: "#" begins a comment; write [#] for the character'),
        (r"^!", 'begins with "!" twice; write one "!" to exclude files'),
        (r"^\s", "begins with a space, and no such path exists; remove it"),
        (r"^[/ ]*$", EMPTY),
        (r"""^(["'`]).*\1$""", "has quotes inside its quotes; remove the inner ones"),
        (r"://", f"is a URL; {ROOT}"),
        (r"^(?:~/|[a-z]:[\\/])", f"is a path on a disk; {ROOT}"),
        (r"\\", 'has a backslash; separate folders with "/", and write special characters in brackets, such as [*]'),
        (r"(?:^|/)\.{1,2}(?:/|$)", f'has "." or ".." as a folder, and no path has that; {ROOT}'),
        (r"//", 'has "//", and no path has an empty folder name; write one "/"'),
        (r"(?:^|/)\.git(?:/|$)", "is in the folder .git, which git does not track; remove it"),
        (r"/,", "has several patterns in one text; write one entry for each"),
        (r"\{[^{}/]*,.*\}|\{[^{}]*\.\.[^{}]*\}", "has braces, which are not expanded; write one entry for each form"),
        (r"\|", 'has "|", which does not separate alternatives; write one entry for each'),
        (r"^\^|\$$", 'is a regular expression; use "*", "?" and [a-z] as in .gitignore'),
    )
)
"""Forms that match no path, with what to write; the first one that applies is told."""
_CLASS = re.compile(r"\[(?:[!^]|(?![!^]))(?:\][^\]/]*|[^\]/]+)\]")


def mistakes(policy: "Policy", models: Collection[str] | None = None) -> Iterator[Mistake]:
    """Return the mistakes of a policy. `models` are the names in the bot's settings, if they are known."""
    for at, patterns in _lists(policy, ()):
        yield from _in_list(at, patterns)
    yield from _without_effect(policy)
    yield from _repeated(policy)
    name = policy.judge.model
    if models is not None and name and name not in models:
        known = f"use one of {', '.join(sorted(models))}" if models else "the settings define none; leave it empty"
        yield ("judge", "model"), f"unknown model; {known}"


def misplaced(name: str) -> bool:
    """Return whether a path of a repository looks like a policy's, but is not the one that the bot reads."""
    return MISPLACED.fullmatch(name) is not None and name != ".forgejo/assay.yml"


def pattern_fault(text: str) -> str:
    """Return why a pattern as in `.gitignore` can match no path; empty if it can."""
    body = text.removeprefix("!").rstrip(" ")
    plain = _CLASS.sub("x", body)
    return next((told for form, told in _FAULTS if form.search(plain)), "") or _class_fault(body)


def _class_fault(body: str) -> str:
    if "[[:" in body:
        return "has a class such as [[:alpha:]], which is not supported; write its characters, such as [a-z]"
    for part in body.split("/"):
        if "[" in _CLASS.sub("", part):
            return UNCLOSED
        if any("(?!)" in fnmatch.translate(one.replace("[^", "[!")) for one in _CLASS.findall(part)):
            return NO_CLASS
    return ""


def _lists(section: BaseModel, at: Key) -> Iterator[tuple[Key, tuple[str, ...]]]:
    """Return all lists of path patterns, each with its keys."""
    for name, field in type(section).model_fields.items():
        value, here = getattr(section, name), (*at, field.alias or name)
        if isinstance(value, BaseModel):
            yield from _lists(value, here)
        elif isinstance(value, tuple) and PathPattern in get_args(field.annotation):
            yield here, value
        elif isinstance(value, tuple):
            for number, one in enumerate(value):
                if isinstance(one, BaseModel):
                    yield from _lists(one, (*here, number))


def _in_list(at: Key, patterns: Sequence[str]) -> Iterator[Mistake]:
    excluded: set[str] = set()
    selects = at[-1] in EXTRA
    told = {number: fault for number, one in enumerate(patterns) if (fault := pattern_fault(one))}
    for number, one in enumerate(patterns):
        if number not in told and one.startswith("!") and not selects:
            told[number] = ALONE
        selects = selects or not one.startswith("!")
    for number, one in reversed([*enumerate(patterns)]):
        if one.startswith("!"):
            excluded.add(one.removeprefix("!").rstrip(" "))
        elif number not in told and excluded & {one.rstrip(" "), *ALL}:
            told[number] = CANCELLED
    yield from (((*at, number), told[number]) for number in sorted(told))


def _without_effect(policy: "Policy") -> Iterator[Mistake]:
    guards = policy.guards
    red: RedZoneGuard = guards.red_zone
    if red.mode != "off" and not red.paths:
        yield ("guards", "red-zone", "mode"), "protects nothing without `paths`; add them, or set `mode: off`"
    drift: DocsDriftGuard = guards.docs_drift
    if drift.mode != "off" and not drift.rules and drift.mentions == "off":
        where = ("guards", "docs-drift", "mode")
        yield where, "checks nothing without `rules` and with `mentions: off`; add rules, or set `mode: off`"


def _repeated(policy: "Policy") -> Iterator[Mistake]:
    names = [(("soaks", number, "name"), soak.name) for number, soak in enumerate(policy.soaks)]
    yield from _twice(names, "is the name of two soaks; rename one of them")
    phrases = [(("soaks", number, "gate"), soak.gate) for number, soak in enumerate(policy.soaks) if soak.gate]
    phrases += [(("gates", number, "phrase"), gate.phrase) for number, gate in enumerate(policy.gates)]
    yield from _twice(
        [(at, phrase.casefold()) for at, phrase in phrases], "is the phrase of two gates; use another one for each gate"
    )


def _twice(found: Sequence[tuple[Key, str]], told: str) -> Iterator[Mistake]:
    first: dict[str, Key] = {}
    for at, text in found:
        if text in first:
            yield at, f"{told} (the other is `{'.'.join(map(str, first[text]))}`)"
        first.setdefault(text, at)
