"""Describes an error of pydantic in plain words: what was expected, and never the value.

Pydantic's own messages speak of Python ("valid tuple", "instance of SecretLeakPolicy") and may quote the input.
"""

from collections.abc import Mapping
from typing import Any

KINDS = {
    "missing": "is required",
    "extra_forbidden": "unknown key; remove it",
    "string_type": "expected text; put the value in quotes",
    "string_sub_type": "expected text; put the value in quotes",
    "string_unicode": "expected text in UTF-8",
    "string_too_short": "too short; write at least {min_length}",
    "string_too_long": "too long; write at most {max_length}",
    "string_pattern_mismatch": "invalid form; write text that matches {pattern}",
    "too_short": "too short; write at least {min_length}",
    "too_long": "too long; write at most {max_length}",
    "int_type": "expected a whole number, such as 3",
    "int_parsing": "expected a whole number, such as 3",
    "int_parsing_size": "the number is too large",
    "int_from_float": "expected a whole number, such as 3",
    "float_type": "expected a number, such as 3 or 0.5",
    "float_parsing": "expected a number, such as 3 or 0.5",
    "finite_number": "expected a finite number, such as 3 or 0.5",
    "greater_than": "expected a number greater than {gt}",
    "greater_than_equal": "expected a number of at least {ge}",
    "less_than": "expected a number less than {lt}",
    "less_than_equal": "expected a number of at most {le}",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": "expected a list, such as [a, b]",
    "list_type": "expected a list, such as [a, b]",
    "set_type": "expected a list, such as [a, b]",
    "frozen_set_type": "expected a list, such as [a, b]",
    "dict_type": "expected a mapping of keys to values",
    "mapping_type": "expected a mapping of keys to values",
    "model_type": "expected a mapping of keys to values",
    "model_attributes_type": "expected a mapping of keys to values",
    "dataclass_type": "expected a mapping of keys to values",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "none_required": "expected no value; remove it",
    "datetime_type": "expected a time, such as 2026-05-14T08:00:00Z",
    "datetime_parsing": "expected a time, such as 2026-05-14T08:00:00Z",
    "datetime_from_date_parsing": "expected a time, such as 2026-05-14T08:00:00Z",
    "datetime_object_invalid": "expected a time, such as 2026-05-14T08:00:00Z",
    "timezone_aware": "expected a time with its zone, such as 2026-05-14T08:00:00Z",
    "date_type": "expected a date, such as 2026-05-14",
    "date_parsing": "expected a date, such as 2026-05-14",
    "date_from_datetime_parsing": "expected a date, such as 2026-05-14",
    "url_type": "expected a URL, such as https://git.example.org",
    "url_parsing": "expected a URL, such as https://git.example.org",
    "url_scheme": "expected a URL, such as https://git.example.org",
    "path_type": "expected a path",
    "json_invalid": "invalid JSON",
    "json_type": "invalid JSON",
}
"""What to write, by pydantic's type of error; in braces, values of its context."""

OTHER = "invalid value"
OWN = frozenset({"value_error", "assertion_error"})
"""Errors that the program's own validators raise: their text is for the reader."""
MARK = "Value error, "
CHARACTERS = frozenset({"string_too_short", "string_too_long"})
LISTS = frozenset({"Tuple", "List", "Set", "Frozenset", "Dictionary"})


def described(error: Mapping[str, Any]) -> str:
    """Return an entry of `ValidationError.errors()` in words: what is wrong, and what to write.

    The entry needs its context, which has the limits.
    """
    kind = str(error["type"])
    if kind in OWN:
        text = str(error["msg"]).removeprefix(MARK).removeprefix("Assertion failed, ")
        return f"{text[:1].lower()}{text[1:]}" if text[1:2].islower() or text[1:2] == " " else text
    context = error.get("ctx") or {}
    thing = "character" if kind in CHARACTERS else "entry" if context.get("field_type") in LISTS else ""
    values = {name: _shown(thing, name, value) for name, value in context.items()}
    try:
        return KINDS.get(kind, OTHER).format(**values)
    except (KeyError, IndexError):
        return OTHER


def _shown(thing: str, name: str, value: object) -> str:
    if name == "pattern":
        return f"`{value}`"
    if name == "expected":
        return str(value).replace("'", '"')
    if not thing or not isinstance(value, int):
        return str(value)
    return f"{value} {thing if value == 1 else {'character': 'characters', 'entry': 'entries'}[thing]}"
