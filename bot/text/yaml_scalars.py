"""Rules for scalars that both YAML readers share: a value that does not match its tag is a cheap error with a line.

PyYAML itself lets Python's exceptions escape, and reads `1:1:1` as a base 60 number in quadratic time.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

UNUSABLE = (LookupError, AttributeError, TypeError, ArithmeticError, ValueError, RecursionError)
"""Exceptions that PyYAML raises for hostile text, in addition to its own errors."""

LONGEST = 1000
"""Maximum characters of a number; Python cannot print one of over 4300 digits, so no error could show it."""

_TAG = "tag:yaml.org,2002:"
_KINDS = ("bool", "int", "float", "timestamp", "binary")
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_SYNTAX = (
    ("mapping values are not allowed", "a second `: ` on one line; put the value in quotes"),
    ("cannot start any token", "a tab or special character at the start of a value; use spaces, or put it in quotes"),
    ("tab", "a tab; indent with spaces"),
    ("end of stream", "a text in quotes is not closed; add the closing quote"),
    ("',' or ']'", "a list in brackets is not closed, or a comma is missing; fix it there"),
    ("',' or '}'", "a mapping in braces is not closed, or a comma is missing; fix it there"),
    ("expected ':'", "a key without `:`; add it, or indent the line as part of the value before it"),
    ("block end", "wrong indentation or a missing quote; fix the syntax there"),
    ("expected key", "wrong indentation or a missing quote; fix the syntax there"),
    ("expected '-'", "wrong indentation or a missing quote; fix the syntax there"),
    ("constructor for the tag", "tags such as `!name` are not supported; put the value in quotes"),
    ("tag handle", "tags such as `!name` are not supported; put the value in quotes"),
    ("anchor", "anchors are not supported; write the value out"),
    ("single document", "more than one document; keep one, without `---` after it"),
    ("characters are not allowed", "a control character; remove it"),
    ("unhashable", "a key must be text; put it in quotes"),
)
"""Words for PyYAML's messages, which may quote the file, by a part of the message."""
_OTHER_SYNTAX = "a syntax error; fix it there"
_NUMBERS = frozenset((f"{_TAG}int", f"{_TAG}float"))


class BadScalar(yaml.constructor.ConstructorError):
    """A value that one of these rules refuses; `problem` is a text of the program."""


def tell_bad_values(loader: Any) -> None:
    """Make a loader class raise ConstructorError, with its place, for a value that does not match its tag."""
    for kind in _KINDS:
        loader.add_constructor(_TAG + kind, _told(loader.yaml_constructors[_TAG + kind]))


def refuse_octal(loader: Any) -> None:
    """Make a loader class refuse whole numbers with a leading zero: YAML 1.1 reads `030` as 24."""
    known = loader.yaml_constructors[_TAG + "int"]

    def checked(loader: Any, node: yaml.Node) -> object:
        if isinstance(node, yaml.ScalarNode) and _OCTAL.fullmatch(node.value):
            raise _fault("a number with a leading zero; write it without the zero, or in quotes if it is text", node)
        return known(loader, node)

    loader.add_constructor(_TAG + "int", checked)


def syntax(fault: Exception) -> str:
    """Return an error of PyYAML or of these rules in words: what is wrong, and how to fix it."""
    if isinstance(fault, BadScalar):
        return f"{fault.problem}{'' if ';' in str(fault.problem) else '; fix the syntax there'}"
    said = str(getattr(fault, "problem", None) or getattr(fault, "reason", None) or "")
    return next((words for part, words in _SYNTAX if part in said), _OTHER_SYNTAX)


def without_base_60(resolvers: dict[str, Any]) -> dict[str, Any]:
    """Return PyYAML's implicit resolvers without numbers, by first character; the caller adds its own for numbers."""
    return {first: [one for one in known if one[0] not in _NUMBERS] for first, known in resolvers.items()}


def _told(construct: Callable[[Any, yaml.Node], object]) -> Callable[[Any, yaml.Node], object]:
    def checked(loader: Any, node: yaml.Node) -> object:
        if node.tag in _NUMBERS and isinstance(node, yaml.ScalarNode):
            if ":" in node.value:
                raise _fault("a number with a colon; put it in quotes", node)
            if len(node.value) > LONGEST:
                raise _fault(f"a number with more than {LONGEST} digits", node)
        try:
            return construct(loader, node)
        except UNUSABLE:
            raise _fault("the value does not match its tag", node) from None

    return checked


def _fault(why: str, node: yaml.Node) -> "BadScalar":
    return BadScalar(None, None, why, node.start_mark)
