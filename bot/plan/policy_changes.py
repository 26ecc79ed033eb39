"""Describes the differences between two policies in plain sentences."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from bot.policy import TRUSTED_KEYS, Policy
from bot.text import cut, visible

WAITS = "; takes effect once an operator trusts it"
"""The ending of a sentence about a security-relevant key (`TRUSTED_KEYS`)."""

ORDER = "same entries, different order"
MAX_VALUE = 60
MAX_NAMED = 8


def changes(old: Policy, new: Policy) -> tuple[str, ...]:
    """Gives a sentence for each key that differs, in the order of the file: its name, a colon, and the change.

    Values are untrusted text: shortened and on one line, but not escaped for Markdown.
    """
    found: list[str] = []
    for name, field in Policy.model_fields.items():
        ending = WAITS if name in TRUSTED_KEYS else ""
        differing = _differences(field.alias or name, getattr(old, name), getattr(new, name))
        found += [f"{key}: {text}{ending}" for key, text in differing]
    return tuple(found)


def _differences(key: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """Gives the differing key, or the differing keys below it, each with a description of the change."""
    if old == new:
        return
    if isinstance(old, BaseModel) and isinstance(new, type(old)):
        for name, field in type(old).model_fields.items():
            yield from _differences(f"{key}.{field.alias or name}", getattr(old, name), getattr(new, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _entries(key, {_whole(k): v for k, v in old.items()}, {_whole(k): v for k, v in new.items()})
    elif _is_list(old) and _is_list(new):
        named = _named(old, new) if any(isinstance(entry, BaseModel) for entry in (*old, *new)) else None
        if named is not None:
            yield from _entries(key, *named)
        else:
            yield from _listed(key, [_whole(entry) for entry in old], [_whole(entry) for entry in new])
    else:
        yield key, f"changes from {_shown(_whole(old))} to {_shown(_whole(new))}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _entries(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The differences of collections whose entries have names: added and removed entries, then changed ones."""
    yield from _listed(key, list(old), list(new))
    for name, entry in old.items():
        if name in new:
            yield from _differences(f"{key}[{_shown(name)}]", entry, new[name])


def _listed(key: str, old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    added, removed = Counter(new) - Counter(old), Counter(old) - Counter(new)
    parts = [f"adds {_several(added)}"] if added else []
    parts += [f"removes {_several(removed)}"] if removed else []
    if parts:
        yield key, ", ".join(parts)
    moved = added.keys() | removed.keys()
    if [name for name in old if name not in moved] != [name for name in new if name not in moved]:
        yield key, ORDER


def _named(old: Sequence[Any], new: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The entries of two lists by their first required key; None if that is not unique, also for an entry that stands
    there twice: then whole entries are compared and counted.
    """
    before, after = ({_name(entry): entry for entry in entries} for entries in (old, new))
    return (before, after) if len(before) == len(old) and len(after) == len(new) else None


def _name(entry: Any) -> str:
    if isinstance(entry, BaseModel):
        for name, field in type(entry).model_fields.items():
            if field.is_required() and isinstance(getattr(entry, name), str):
                return _whole(getattr(entry, name))
    return _whole(entry)


def _several(names: Iterable[str]) -> str:
    shown = [_shown(name) for name in names]
    rest = f" and {len(shown) - MAX_NAMED} more" if len(shown) > MAX_NAMED else ""
    return ", ".join(shown[:MAX_NAMED]) + rest


def _whole(value: Any) -> str:
    """The whole value as JSON: its identity."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(value, ensure_ascii=False, default=str)


def _shown(whole: str) -> str:
    """The part of a value that is shown."""
    empty = {"null": "not set", '""': "empty", "[]": "empty", "{}": "empty"}
    return empty.get(whole) or cut(visible(whole), MAX_VALUE)
