"""What both readers of YAML agree on: a value that isn't what its tag says is told with its line, and costs nothing.

PyYAML lets whatever Python raises there escape, and counts `1:1:1` in base 60, in time that grows with the square.
"""

from collections.abc import Callable
from typing import Any

import yaml

UNUSABLE = (LookupError, AttributeError, TypeError, ArithmeticError, ValueError, RecursionError)
"""What PyYAML raises, beside its own errors, while it makes values of a hostile text."""

LONGEST = 1000
"""Characters of a number; Python refuses to write one of over 4300 digits, so that nothing could tell of it."""

_TAG = "tag:yaml.org,2002:"
_KINDS = ("bool", "int", "float", "timestamp", "binary")
_NUMBERS = frozenset((f"{_TAG}int", f"{_TAG}float"))


def tell_bad_values(loader: Any) -> None:
    """Makes a loader's class raise ConstructorError, with its place, for a value that isn't what its tag says."""
    for kind in _KINDS:
        loader.add_constructor(_TAG + kind, _told(loader.yaml_constructors[_TAG + kind]))


def without_base_60(resolvers: dict[str, Any]) -> dict[str, Any]:
    """Gives PyYAML's implicit resolvers but for numbers, by first character; the caller adds numbers of its own."""
    return {first: [one for one in known if one[0] not in _NUMBERS] for first, known in resolvers.items()}


def _told(construct: Callable[[Any, yaml.Node], object]) -> Callable[[Any, yaml.Node], object]:
    def checked(loader: Any, node: yaml.Node) -> object:
        if node.tag in _NUMBERS and isinstance(node, yaml.ScalarNode):
            if ":" in node.value:
                raise _fault("a number with a colon; put it in quotes", node)
            if len(node.value) > LONGEST:
                raise _fault(f"a number of over {LONGEST} digits", node)
        try:
            return construct(loader, node)
        except UNUSABLE:
            raise _fault("a value other than its tag says", node) from None

    return checked


def _fault(why: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)
