"""Reads a workflow as its runner does: YAML 1.2, in which `on` is a string, with the line of each value.

The file is untrusted: too many values, too deep nesting and recursive aliases are rejected before anything processes
it.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from bot.text import UNUSABLE, line_under, tell_bad_values

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000
"""Maximum of values in a file, aliases expanded."""

STANDARD = "tag:yaml.org,2002:"
TEXT = f"{STANDARD}str"


class WorkflowError(ValueError):
    """A file that is not a readable workflow; `line` is the place, 0 if unknown."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's, where PyYAML has it
    """A loader with the scalars of YAML 1.2; a merge key is an ordinary key, as for runners."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form


for _tag, _form, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"{STANDARD}{_tag}", re.compile(_form), list(_first))
tell_bad_values(_Loader)


class Workflow:
    """The content of one file, and the line of each part of it. Raises WorkflowError.

    Keys are strings in `data`, as written; `odd_keys` are those that YAML reads as another type, with their lines.
    """

    def __init__(self, content: bytes) -> None:
        if len(content) > MAX_BYTES:
            raise WorkflowError(f"larger than {MAX_BYTES // 1024} KiB")
        try:
            text = content.decode("utf-8-sig")
            _refuse_depth(text)
            loader = _Loader(text)
            self._root = loader.get_single_node()
            _refuse_bombs(self._root)
            self.odd_keys = tuple(_make_text(self._root))
            self.data: Any = None if self._root is None else loader.construct_document(self._root)
        except WorkflowError:
            raise
        except UnicodeDecodeError:
            raise WorkflowError("not UTF-8") from None
        except yaml.YAMLError as fault:
            mark = getattr(fault, "problem_mark", None)
            raise WorkflowError(_reason(fault), mark.line + 1 if mark else 0) from None
        except UNUSABLE:
            raise WorkflowError("a value that YAML does not allow") from None

    def line_of(self, *keys: str | int) -> int:
        """Return the line (from 1) of the value under these keys, or of the last existing one of them."""
        return line_under(self._root, keys)


def _reason(fault: yaml.YAMLError) -> str:
    """Return the library's message unless it quotes the file."""
    problem = str(getattr(fault, "problem", "") or "")
    return problem if problem and not {"'", '"'} & set(problem) else "syntax error"


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise WorkflowError(f"nested more than {MAX_DEPTH} levels deep", mark.line + 1 if mark else 0)


def _refuse_bombs(root: yaml.Node | None) -> None:
    """Reject nested aliases, which can expand to a huge number of values, and recursive ones."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: int) -> int:
        known = sizes.get(id(node))
        if known is None:
            if above > 2 * MAX_DEPTH:
                raise WorkflowError("an alias contains itself", node.start_mark.line + 1)
            parts = _pairs(node) if isinstance(node, yaml.MappingNode) else node.value
            inner = () if isinstance(node, yaml.ScalarNode) else parts
            known = sizes[id(node)] = 1 + sum(size(part, above + 1) for part in inner)
        if known > MAX_NODES:
            raise WorkflowError(f"more than {MAX_NODES} values", node.start_mark.line + 1)
        return known

    if root is not None:
        size(root, 0)


def _pairs(node: yaml.MappingNode) -> list[yaml.Node]:
    """Yield keys and values; raise for a duplicate key, which runners reject and the library silently overwrites."""
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise WorkflowError("duplicate key", key.start_mark.line + 1)
            seen.add(key.value)
    return [part for pair in node.value for part in pair]


def _make_text(root: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Convert scalar keys to strings, and return those that were not: the schema and runners accept only strings."""
    seen: set[int] = set()
    left = [root] if root is not None else []
    while left:
        node = left.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if not isinstance(node, yaml.MappingNode):
            left += node.value
            continue
        for number, (key, value) in enumerate(node.value):
            left += (key, value)
            if isinstance(key, yaml.ScalarNode) and key.tag.startswith(STANDARD) and key.tag != TEXT:
                yield key.value, key.start_mark.line + 1
                text = yaml.ScalarNode(
                    TEXT, key.value, key.start_mark, key.end_mark
                )  # an alias elsewhere keeps its type
                node.value[number] = text, value
