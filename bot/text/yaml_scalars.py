"""Rules for scalars that both YAML readers share: a value that does not match its tag is a cheap error with a line.

PyYAML itself lets Python's exceptions escape, and reads `1:1:1` as a base 60 number in quadratic time.
"""

from collections.abc import Callable
from typing import Any

import yaml

UNUSABLE = (LookupError, AttributeError, TypeError, ArithmeticError, ValueError, RecursionError)
"""Exceptions that PyYAML raises for hostile text, in addition to its own errors."""

LONGEST = 1000
"""Maximum characters of a number; Python cannot print one of over 4300 digits, so no error could show it."""

_TAG = "tag:yaml.org,2002:"
_KINDS = ("bool", "int", "float", "timestamp", "binary")
_NUMBERS = frozenset((f"{_TAG}int", f"{_TAG}float"))


def tell_bad_values(loader: Any) -> None:
    """Make a loader class raise ConstructorError, with its place, for a value that does not match its tag."""
    for kind in _KINDS:
        loader.add_constructor(_TAG + kind, _told(loader.yaml_constructors[_TAG + kind]))


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


def _fault(why: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)
