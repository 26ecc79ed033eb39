"""Finds the line of a value in a YAML document."""

from collections.abc import Iterable

import yaml


def line_under(root: yaml.Node | None, keys: Iterable[str | int]) -> int:
    """Return the line (from 1) of the value under these keys, or of the last existing one of them."""
    node, line = root, 1
    for key in keys:
        found = _child(node, key)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node.value[key]
    return None
