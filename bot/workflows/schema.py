"""Validates a workflow against the published schema, vendored by check-jsonschema: nothing is fetched.

An error's text contains the schema's terms and the file's keys, never the file's values: one may be a secret.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from bot.workflows.yaml12 import Workflow

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

MOST = 20
"""Maximum of errors reported per file."""

LONGEST = 200
SAID = {
    "required": ("missing-key", "requires {}"),
    "additionalProperties": ("unknown-key", "has unknown keys: {}"),
    "type": ("type", "must be {}"),
    "enum": ("value", "must be one of {}"),
    "const": ("value", "must be {}"),
    "pattern": ("value", "has an invalid format"),
    "minItems": ("empty", "has too few items, minimum {}"),
    "minProperties": ("empty", "has too few keys, minimum {}"),
    "minLength": ("empty", "is too short, minimum length {}"),
}
"""The rule and the message for each keyword of the schema."""

KINDS = {
    "string": "a string",
    "array": "a list",
    "object": "a mapping",
    "boolean": "true or false",
    "number": "a number",
    "integer": "an integer",
    "null": "empty",
}
_OF_ITSELF = frozenset(("type", "const", "enum"))


@dataclass(frozen=True)
class Mistake:
    """An error in a workflow: rule, line, and message."""

    rule: str
    line: int
    title: str


def mistakes(workflow: Workflow) -> tuple[Mistake, ...]:
    """Return the first errors of a workflow."""
    errors = (part for error in _validator().iter_errors(workflow.data) for part in _parts(error))
    found = {_mistake(workflow, error) for error in islice(errors, MOST)}
    found |= {_odd_key(name, line) for name, line in workflow.odd_keys[:MOST]}
    return tuple(sorted(found, key=lambda one: (one.line, one.title)))[:MOST]


def _odd_key(name: str, line: int) -> Mistake:
    return Mistake(
        "schema-key", line, f"the key {name[:LONGEST] or 'without a name'} is not a string; put it in quotes"
    )


@lru_cache(maxsize=1)
def _validator() -> "Draft7Validator":
    from check_jsonschema.builtin_schemas import get_builtin_schema  # type: ignore[import-untyped] # noqa: PLC0415 - a sixth of the start, and only where workflows change
    from jsonschema import Draft7Validator  # noqa: PLC0415 - as above

    return Draft7Validator(get_builtin_schema("vendor.github-workflows"))


def _parts(error: "ValidationError") -> Iterator["ValidationError"]:
    """Yield the errors; if the schema allows several forms, those of the form most similar to the file."""
    forms: dict[Any, list[ValidationError]] = {}
    for part in error.context or ():
        forms.setdefault(part.schema_path[0], []).append(part)
    if not forms:
        yield error
        return
    nearest = min(forms.values(), key=lambda parts: _distance(parts, error))
    if all(part.validator in _OF_ITSELF and part.absolute_path == error.absolute_path for part in nearest):
        yield error if len(forms) > 1 else nearest[0]
        return
    for part in nearest:
        yield from _parts(part)


def _distance(parts: list["ValidationError"], whole: "ValidationError") -> tuple[int, int]:
    """Return how far a form is from the file: errors of the value itself count before errors in nested values."""
    own = [part for part in parts if part.absolute_path == whole.absolute_path]
    return sum(map(_weight, own)), len(parts) - len(own)


def _weight(part: "ValidationError") -> int:
    if part.validator == "additionalProperties":
        return 2 + len(_unknown_keys(part))
    return {"type": 100, "required": 10}.get(str(part.validator), 5)


def _mistake(workflow: Workflow, error: "ValidationError") -> Mistake:
    keys = [key if isinstance(key, int) else str(key) for key in error.absolute_path]
    rule, form = SAID.get(str(error.validator), ("form", "matches none of the allowed forms"))
    unknown = _unknown_keys(error) if rule == "unknown-key" else []
    line = workflow.line_of(*keys, *unknown[:1])
    place = ".".join(str(key) for key in keys) or "the workflow"
    return Mistake(f"schema-{rule}", line, f"{place[:LONGEST]} {form.format(_wanted(error))[:LONGEST]}")


def _wanted(error: "ValidationError") -> str:
    """Return the schema's requirement; for unknown keys, their names."""
    wanted: Any = error.validator_value
    if error.validator == "required":
        return " and ".join(name for name in wanted if name not in _keys(error))
    if error.validator == "additionalProperties":
        return ", ".join(_unknown_keys(error)[:5])
    if error.validator == "type":
        return " or ".join(KINDS.get(kind, kind) for kind in ([wanted] if isinstance(wanted, str) else wanted))
    return ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)


def _keys(error: "ValidationError") -> list[str]:
    return [str(key) for key in error.instance] if isinstance(error.instance, Mapping) else []


def _unknown_keys(error: "ValidationError") -> list[str]:
    schema: Any = error.schema
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return [key for key in _keys(error) if key not in known and not any(re.search(one, key) for one in patterns)]
