"""Says in plain sentences in what two policies differ."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from bot.policy import TRUSTED_KEYS, Policy
from bot.text import cut, visible

WAITS = "; this waits for an operator's merge"
"""How a sentence about a key ends that a policy trusts."""

ORDER = "the same entries stand in another order"
MAX_VALUE = 60
MAX_NAMED = 8


def changes(old: Policy, new: Policy) -> tuple[str, ...]:
    """Gives a sentence for each key that differs, in the order of the file: its name, a colon, and what becomes of it.

    Values are somebody's words: cut and on one line, and not escaped for Markdown.
    """
    found: list[str] = []
    for name, field in Policy.model_fields.items():
        ending = WAITS if name in TRUSTED_KEYS else ""
        told = _differences(field.alias or name, getattr(old, name), getattr(new, name))
        found += [f"{key}: {text}{ending}" for key, text in told]
    return tuple(found)


def _differences(key: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    """Gives this key, or those below it, that differ, each with what becomes of it."""
    if old == new:
        return
    if isinstance(old, BaseModel) and isinstance(new, type(old)):
        for name, field in type(old).model_fields.items():
            yield from _differences(f"{key}.{field.alias or name}", getattr(old, name), getattr(new, name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _entries(key, {_whole(k): v for k, v in old.items()}, {_whole(k): v for k, v in new.items()})
    elif _is_list(old) and _is_list(new):
        if any(isinstance(entry, BaseModel) for entry in (*old, *new)):
            yield from _entries(key, *_named(old, new))
        else:
            yield from _listed(key, [_whole(entry) for entry in old], [_whole(entry) for entry in new])
    else:
        yield key, f"becomes {_said(_whole(new))}; it was {_said(_whole(old))}"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _entries(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Differences of collections whose entries have names: which came and went, and what became of the others."""
    yield from _listed(key, list(old), list(new))
    for name, entry in old.items():
        if name in new:
            yield from _differences(f"{key}[{_said(name)}]", entry, new[name])


def _listed(key: str, old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    added, removed = Counter(new) - Counter(old), Counter(old) - Counter(new)
    parts = [f"adds {_several(added)}"] if added else []
    parts += [f"removes {_several(removed)}"] if removed else []
    if parts:
        yield key, ", ".join(parts)
    moved = added.keys() | removed.keys()
    if [name for name in old if name not in moved] != [name for name in new if name not in moved]:
        yield key, ORDER


def _named(old: Sequence[Any], new: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entries of two lists by what tells them apart: their first key that is needed, else all that is in them."""
    named = [[(_name(entry), entry) for entry in entries] for entries in (old, new)]
    if any(len(dict(pairs)) < len(pairs) for pairs in named):
        named = [[(_whole(entry), entry) for entry in entries] for entries in (old, new)]
    return dict(named[0]), dict(named[1])


def _name(entry: Any) -> str:
    if isinstance(entry, BaseModel):
        for name, field in type(entry).model_fields.items():
            if field.is_required() and isinstance(getattr(entry, name), str):
                return _whole(getattr(entry, name))
    return _whole(entry)


def _several(names: Iterable[str]) -> str:
    told = [_said(name) for name in names]
    rest = f" and {len(told) - MAX_NAMED} more" if len(told) > MAX_NAMED else ""
    return ", ".join(told[:MAX_NAMED]) + rest


def _whole(value: Any) -> str:
    """All of a value, as JSON: what tells it apart from others."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return json.dumps(value, ensure_ascii=False, default=str)


def _said(whole: str) -> str:
    """What of it is shown."""
    empty = {"null": "not set", '""': "empty", "[]": "empty", "{}": "empty"}
    return empty.get(whole) or cut(visible(whole), MAX_VALUE)
