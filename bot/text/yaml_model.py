"""Reads a YAML file into a pydantic model and says of each mistake where it stands and how to mend it.

The file is one that people write by hand, so what YAML lets through in silence (a key given twice, an unquoted number
where text is meant) is refused too.
"""

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from bot.text.yaml_lines import line_under
from bot.text.yaml_scalars import UNUSABLE, tell_bad_values, without_base_60

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_TOLD = 100
"""Mistakes that are told one by one: finding the line and the nearest key of each takes time."""

_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster, where PyYAML has it


class _Loader(_Fast):  # type: ignore[misc]
    """PyYAML's scalars, but that `12:30` is text."""

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
    re.compile(r"^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$"),
    list("-+0123456789"),
)
tell_bad_values(_Loader)

Model = TypeVar("Model", bound=BaseModel)


class YamlFileError(ValueError):
    """A file that can't be used; `problems` are lines for its author, each with file, line, key and mend."""

    def __init__(self, problems: Collection[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class YamlFile:
    """The text of one file with the line of everything in it.

    Raises YamlFileError where the text isn't plain YAML: no aliases, no key twice in one mapping, at most 256 KiB.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            raise YamlFileError([f"{path}: larger than {MAX_BYTES // 1024} KiB; shorten it"])
        try:
            self._refuse_bombs(text)
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self._data = None if self._root is None else loader.construct_document(self._root)
        except (yaml.YAMLError, *UNUSABLE) as fault:
            raise fault if isinstance(fault, YamlFileError) else YamlFileError([self._broken(fault)]) from None
        twice = [f"{path}:{line}: `{key}` stands here twice; keep one" for key, line in _repeated_keys(self._root)]
        if twice:
            raise YamlFileError(twice)

    @property
    def empty(self) -> bool:
        """Says whether the file holds nothing but comments."""
        return self._data is None

    def read(self, model: type[Model], keys: Collection[str] = ()) -> Model:
        """Gives the file's content as `model`; `keys` are names to suggest where an unknown one is used.

        Raises YamlFileError with one line for each mistake.
        """
        try:
            return model.model_validate(self._data)
        except ValidationError as fault:
            errors = fault.errors(include_input=False, include_context=False, include_url=False)
            told = [self._mistake(error, keys) for error in errors[:MAX_TOLD]]
            rest = len(errors) - len(told)
            raise YamlFileError([*told, f"{self.path}: {rest} further mistakes"] if rest else told) from None

    def line_of(self, *keys: str | int) -> int:
        """Gives the line (from 1) of what stands under these keys, or of the last of them that is there."""
        return line_under(self._root, keys)

    def _refuse_bombs(self, text: str) -> None:
        """A few nested aliases unfold to gigabytes, and deep nesting exhausts the stack of what reads it next."""
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent):
                raise YamlFileError(
                    [f"{self._place(event.start_mark)}: YAML aliases aren't used here; write the value out"]
                )
            if depth > MAX_DEPTH:
                raise YamlFileError(
                    [f"{self._place(event.start_mark)}: nested over {MAX_DEPTH} deep; write it flatter"]
                )

    def _place(self, mark: Any) -> str:
        return f"{self.path}:{mark.line + 1}" if mark else self.path

    def _broken(self, fault: Exception) -> str:
        place = self._place(getattr(fault, "problem_mark", None))
        reason = getattr(fault, "problem", None) or ([*str(fault).splitlines(), "unreadable"][0])[:200]
        return f"{place}: not YAML: {reason}; mend what stands there"

    def _mistake(self, error: Any, keys: Collection[str]) -> str:
        place = f"{self.path}:{self.line_of(*error['loc'])}"
        if not error["loc"]:
            return f"{place}: the file has to be a mapping of keys to values"
        name = ".".join(str(key) for key in error["loc"])
        if error["type"] == "extra_forbidden":
            return f"{place}: `{name}` isn't a known key; {_suggestion(str(error['loc'][-1]), keys)}"
        mend = "; put the value in quotes" if error["type"] == "string_type" else ""
        message = error["msg"].removeprefix("Value error, ")
        return f"{place}: `{name}`: {message[0].lower()}{message[1:]}{mend}"


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
