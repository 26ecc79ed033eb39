"""What a mirror's object files were when the bot last changed them.

In a partial clone git takes a lost object for one that was never fetched: it asks the server for it, or leaves it out
without a word. So a file that is gone or has another size is recognised by this record.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

NAME = "assay-objects"
SUFFIXES = (".pack", ".idx", ".promisor")
State = tuple[int, int]
"""Size in bytes, time of the last change in nanoseconds."""


def record(mirror: Path) -> None:
    """Write down all object files of a mirror."""
    _write(mirror, dict(_files(mirror)))


def add(mirror: Path, names: Iterable[Path]) -> None:
    """Write down object files that were moved into a mirror; `names` are relative to its `objects`."""
    known = recorded(mirror)
    if known is None:
        return
    more = {name.as_posix(): _state(mirror / "objects" / name) for name in names if _counts(name.name)}
    _write(mirror, {**known, **{name: state for name, state in more.items() if state is not None}})


def recorded(mirror: Path) -> Mapping[str, State] | None:
    """Return what was written down; None if nothing was, or it cannot be read."""
    try:
        found = json.loads((mirror / NAME).read_bytes())
        return {str(name): (int(size), int(changed)) for name, (size, changed) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def lost(mirror: Path) -> str:
    """Return an object file that is gone or has another size, empty if there is none."""
    for name, (size, _) in (recorded(mirror) or {}).items():
        state = _state(mirror / "objects" / name)
        if state is None or state[0] != size:
            return name
    return ""


def untouched(mirror: Path) -> bool:
    """Return whether all files that were written down are as they were."""
    known = recorded(mirror)
    return known is not None and all(_state(mirror / "objects" / name) == state for name, state in known.items())


def _write(mirror: Path, states: Mapping[str, State]) -> None:
    new = mirror / f"{NAME}.new"
    with suppress(OSError):  # without a record the mirror is verified
        new.write_text(json.dumps(states, sort_keys=True), encoding="ascii")
        new.replace(mirror / NAME)


def _files(mirror: Path) -> Iterator[tuple[str, State]]:
    objects = mirror / "objects"
    for path in (*objects.glob("pack/*"), *objects.glob("[0-9a-f][0-9a-f]/*")):
        state = _state(path)
        if _counts(path.name) and state is not None:
            yield path.relative_to(objects).as_posix(), state


def _counts(name: str) -> bool:
    return (name.startswith("pack-") and name.endswith(SUFFIXES)) or len(name) in {38, 62}


def _state(path: Path) -> State | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for each file at each look
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
