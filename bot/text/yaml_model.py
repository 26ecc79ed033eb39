"""Reads a YAML file into a pydantic model, with an error message for each problem that says where it is and how to fix
it.

People write these files by hand, so mistakes that YAML silently accepts (a duplicate key, an unquoted number in place
of a text) are errors too.
"""

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.text.validation import OWN, described
from bot.text.yaml_lines import line_under
from bot.text.yaml_scalars import UNUSABLE, refuse_octal, syntax, tell_bad_values, without_base_60

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_LISTED = 100
"""Maximum number of listed errors: finding the line and the nearest key of each takes time."""
MAPPING = "the file must be a mapping of keys to values"

_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster, where PyYAML has it


class _Loader(_Fast):  # type: ignore[misc]
    """PyYAML's scalars, except that `12:30` is text."""

    yaml_implicit_resolvers = without_base_60(_Fast.yaml_implicit_resolvers)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^(?:[-+]?0b[0-1_]+|[-+]?0[0-9_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$"),
    list("-+0123456789"),
)
tell_bad_values(_Loader)
refuse_octal(_Loader)

Model = TypeVar("Model", bound=BaseModel)


class YamlFileError(ValueError):
    """An invalid file; `problems` are lines for its author, each with file, line, key and fix."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class YamlFile:
    """The content of one file, and the line of each value.

    Raises YamlFileError unless the text is plain YAML: no aliases, no duplicate keys, at most 256 KiB.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            raise YamlFileError([f"{path}: the file is larger than {MAX_BYTES // 1024} KiB; shorten it"])
        try:
            self._refuse_bombs(text)
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self._data = None if self._root is None else loader.construct_document(self._root)
        except (yaml.YAMLError, *UNUSABLE) as fault:
            raise fault if isinstance(fault, YamlFileError) else YamlFileError([self._broken(fault)]) from None
        duplicates = [f"{path}:{line}: duplicate key `{key}`; remove one" for key, line in _repeated_keys(self._root)]
        if duplicates:
            raise YamlFileError(duplicates)

    @property
    def empty(self) -> bool:
        """Whether the file contains nothing but comments."""
        return self._data is None

    def read(self, model: type[Model], keys: Collection[str] = ()) -> Model:
        """Return the file's content as `model`; `keys` are suggestions for unknown keys.

        Raises YamlFileError with one line for each error.
        """
        try:
            return model.model_validate(self._data)
        except ValidationError as fault:
            errors = fault.errors(include_input=False, include_url=False)
            problems = [self._mistake(error, keys) for error in errors[:MAX_LISTED]]
            rest = len(errors) - len(problems)
            raise YamlFileError([*problems, f"{self.path}: {rest} more errors"] if rest else problems) from None

    def line_of(self, *keys: str | int) -> int:
        """Return the line (from 1) of the value under these keys, or of the last existing one of them."""
        return line_under(self._root, keys)

    def _refuse_bombs(self, text: str) -> None:
        """Reject aliases, which can expand to gigabytes, and deep nesting, which can exhaust a parser's stack."""
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise YamlFileError(
                    [f"{self._place(event.start_mark)}: YAML aliases are not supported; write the value out"]
                )
            if depth > MAX_DEPTH:
                raise YamlFileError(
                    [f"{self._place(event.start_mark)}: nested more than {MAX_DEPTH} levels deep; use fewer levels"]
                )

    def _place(self, mark: Any) -> str:
        return f"{self.path}:{mark.line + 1}" if mark else self.path

    def _broken(self, fault: Exception) -> str:
        return f"{self._place(getattr(fault, 'problem_mark', None))}: invalid YAML: {syntax(fault)}"

    def _mistake(self, error: Any, keys: Collection[str]) -> str:
        place = f"{self.path}:{self.line_of(*error['loc'])}"
        if not error["loc"]:
            return f"{place}: {described(error) if error['type'] in OWN else MAPPING}"
        name = ".".join(str(key) for key in error["loc"])
        if error["type"] == "extra_forbidden":
            return f"{place}: unknown key `{name}`; {_suggestion(str(error['loc'][-1]), keys)}"
        return f"{place}: `{name}`: {described(error)}"


def _repeated_keys(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[object] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item)


def _suggestion(key: str, keys: Collection[str]) -> str:
    near = difflib.get_close_matches(key, keys, n=1)
    return f"did you mean `{near[0]}`?" if near else "remove it"
