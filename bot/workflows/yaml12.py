"""Reads a workflow as its runner does: YAML 1.2, where `on` is a word, with the line of everything in it.

The file is anybody's: what unfolds to more than a person writes, nests without end or holds itself is refused before
anything walks through it.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from bot.text import UNUSABLE, line_under, tell_bad_values

MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000
"""Things in a file, aliases unfolded."""

STANDARD = "tag:yaml.org,2002:"
TEXT = f"{STANDARD}str"


class WorkflowError(ValueError):
    """A file that can't be read as a workflow; `line` is where, 0 where that isn't known."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's, where PyYAML has it
    """The scalars of YAML 1.2; a merge key is a key like any other, as runners take it."""

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

    Keys are text in `data`, as they stand there; `odd_keys` are those that YAML takes for something else, with their
    lines.
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
            raise WorkflowError("a value that YAML doesn't allow") from None

    def line_of(self, *keys: str | int) -> int:
        """Gives the line (from 1) of what stands under these keys, or of the last of them that is there."""
        return line_under(self._root, keys)


def _reason(fault: yaml.YAMLError) -> str:
    """Gives the library's words unless they quote the file."""
    problem = str(getattr(fault, "problem", "") or "")
    return problem if problem and not {"'", '"'} & set(problem) else "it can't be parsed here"


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise WorkflowError(f"nested over {MAX_DEPTH} deep", mark.line + 1 if mark else 0)


def _refuse_bombs(root: yaml.Node | None) -> None:
    """A few nested aliases unfold to more than can ever be walked through; one may hold itself."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, above: int) -> int:
        known = sizes.get(id(node))
        if known is None:
            if above > 2 * MAX_DEPTH:
                raise WorkflowError("an alias stands within itself", node.start_mark.line + 1)
            parts = _pairs(node) if isinstance(node, yaml.MappingNode) else node.value
            inner = () if isinstance(node, yaml.ScalarNode) else parts
            known = sizes[id(node)] = 1 + sum(size(part, above + 1) for part in inner)
        if known > MAX_NODES:
            raise WorkflowError(f"more than {MAX_NODES} values", node.start_mark.line + 1)
        return known

    if root is not None:
        size(root, 0)


def _pairs(node: yaml.MappingNode) -> list[yaml.Node]:
    """Gives keys and values in a row; runners take no key twice, and the library the last one."""
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise WorkflowError("a key stands there twice", key.start_mark.line + 1)
            seen.add(key.value)
    return [part for pair in node.value for part in pair]


def _make_text(root: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Makes the scalar keys text, and gives those that weren't: the schema knows no others, nor do runners."""
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
                text = yaml.ScalarNode(TEXT, key.value, key.start_mark, key.end_mark)  # an alias elsewhere stays it
                node.value[number] = text, value
