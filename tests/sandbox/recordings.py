"""Reads the recorded exchanges of a real Forgejo and says where an answer departs from their shape."""

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent.parent / "recorded" / "forgejo-12"


def exchange(name: str) -> dict[str, Any]:
    """One recorded API exchange."""
    return dict(json.loads((RECORDED / "api" / f"{name}.json").read_text(encoding="utf-8")))


def delivery(name: str) -> dict[str, Any]:
    """One recorded webhook delivery."""
    return dict(json.loads((RECORDED / "webhooks" / f"{name}.json").read_text(encoding="utf-8")))


def departures(got: Any, real: Any, where: str = "") -> list[str]:
    """Where keys or types differ, both ways. Null and empty lists fit everything, since a recording has one case."""
    if got is None or real is None:
        return []
    if isinstance(got, dict) and isinstance(real, dict):
        found = [f"{where}.{key}: only in the sandbox's" for key in got.keys() - real.keys()]
        found += [f"{where}.{key}: only in the real one" for key in real.keys() - got.keys()]
        for key in got.keys() & real.keys():
            found += departures(got[key], real[key], f"{where}.{key}")
        return found
    if isinstance(got, list) and isinstance(real, list):
        return [one for item in got[:1] for other in real[:1] for one in departures(item, other, f"{where}[]")]
    return [] if type(got) is type(real) else [f"{where}: {type(got).__name__} instead of {type(real).__name__}"]
