"""Where an answer or a delivery of the sandbox departs from a recorded one: names, types, emptiness, words.

Types are held closer than JSON's: null, "" and [] differ, a time differs from a text and from a time that never was, an
address from a path. Of an answer, which was staged as the recorded one was, booleans and the words of states have to be
equal too; of a delivery, which tells of another moment, those of permissions, and what is there may be empty.
"""

import json
import re
from typing import Any

EXACT = frozenset(
    {
        "action",
        "attempt",
        "conclusion",
        "encoding",
        "event",
        "events",
        "permission",
        "prior_status",
        "ref_action",
        "ref_type",
        "role_name",
        "run_attempt",
        "state",
        "status",
        "trigger_event",
        "type",
    }
)
"""Names whose values are words of the server's."""
LOOSE = frozenset({"last_login", "language", "full_name", "description", "requested_reviewers"})
"""Names whose emptiness is an accident of the recorded server, such as a user's last visit and tongue."""
PROSE = frozenset({"body", "content", "from", "message", "title"})
"""Names whose texts are people's, so that they are either there or not."""
UNSETTLED = frozenset({"is_admin", "mergeable", "user_can_push"})
"""Booleans that differ from moment to moment, or by who ran the recorded server."""
PERMISSIONS = frozenset({"admin", "push", "pull"})
OPTIONAL = frozenset({"duration"})
"""Names that are left out where their value is zero."""
FREE = frozenset({"inputs"})
"""Objects whose names somebody chose."""
NESTED = frozenset({"event_payload", "body"})
"""Texts that may be JSON of their own."""
KINDS = (
    ("", "empty text"),
    ("0001-01-01T00:00:00Z", "time that never was"),
    ("1970-01-01T00:00:00Z", "time of the epoch"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "time"),
    (r"[0-9a-f]{40}", "commit"),
    (r"https?://.*", "address"),
    (r"/.*", "path"),
)


def kind(value: Any) -> str:
    """What a value is, closer than its JSON type."""
    if value is None or isinstance(value, bool | int | float):
        return type(value).__name__
    if isinstance(value, list | dict):
        return type(value).__name__ if value else f"empty {type(value).__name__}"
    return next((name for form, name in KINDS if re.fullmatch(form, value, re.DOTALL)), "text")


def outline(value: Any, name: str = "") -> Any:
    """A value with kinds in the place of texts and numbers, to tell whether two look the same."""
    if isinstance(value, dict):
        return {key: outline(one, key) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return [outline(one) for one in value]
    return value if name in PERMISSIONS else kind(value)


def departures(mine: Any, real: Any, where: str = "", *, told: bool = False) -> list[str]:
    """Where a value departs from the recorded one, both ways; `told` says that it is a delivery's."""
    name = where.rpartition(".")[2]
    if isinstance(mine, dict) and isinstance(real, dict):
        return _of_objects(mine, real, where, told=told)
    if name in NESTED and (inner := _nested(mine, real)):
        return departures(*inner, f"{where}<json>", told=told)
    if not _alike(name, mine, real, told=told):
        return [f"{where}: {kind(mine)} instead of {kind(real)}"]
    if isinstance(mine, list):
        return _of_lists(mine, real, where, told=told)
    held = name in PERMISSIONS | {"action"} if told else name in EXACT or isinstance(mine, bool)
    return [f"{where}: {mine!r} instead of {real!r}"] if held and name not in UNSETTLED and mine != real else []


def _alike(name: str, mine: Any, real: Any, *, told: bool) -> bool:
    if kind(mine) == kind(real):
        return True
    if name in PROSE and isinstance(mine, str) and isinstance(real, str):
        return told or bool(mine) == bool(real)
    if name in LOOSE and isinstance(mine, type(real)):
        return True
    return told and _family(kind(mine)) == _family(kind(real))


def _family(told: str) -> str:
    """The kind of what is there, for what may be empty or never have been."""
    return re.sub(r"^empty ", "", re.sub(r"^time .*", "time", told))


def _of_objects(mine: dict[str, Any], real: dict[str, Any], where: str, *, told: bool) -> list[str]:
    if where.rpartition(".")[2] in FREE:
        return []
    found = [f"{where}.{key}: only in the sandbox's" for key in sorted(mine.keys() - real.keys() - OPTIONAL)]
    found += [f"{where}.{key}: only in the real one" for key in sorted(real.keys() - mine.keys() - OPTIONAL)]
    for key in mine.keys() & real.keys():
        found += departures(mine[key], real[key], f"{where}.{key}", told=told)
    return found


def _of_lists(mine: list[Any], real: list[Any], where: str, *, told: bool) -> list[str]:
    """Each item has to be like one of the recorded ones; of the one that is nearest, the departures are told."""
    if where.rpartition(".")[2] in EXACT:
        return [] if sorted(mine) == sorted(real) else [f"{where}: {mine} instead of {real}"]
    if not real:
        return []
    nearest = [min((departures(one, other, f"{where}[]", told=told) for other in real), key=len) for one in mine]
    return [one for found in nearest for one in found]


def _nested(mine: Any, real: Any) -> tuple[Any, Any] | None:
    try:
        inner = json.loads(mine), json.loads(real)
    except (TypeError, ValueError):
        return None
    return inner if all(isinstance(one, dict) for one in inner) else None
