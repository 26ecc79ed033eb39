"""Reads the recorded exchanges of real servers; each server's folder has an index of all that was recorded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent.parent / "recorded"
SECRET = "recorded-" + "webhook-secret"
"""What all recorded hooks sign with."""


@dataclass(frozen=True)
class Recorded:
    """A line of an index: a call, or a delivery with its fine event name and action."""

    name: str
    what: str

    @property
    def event(self) -> str:
        """Fine name and action of a delivery."""
        return self.what.replace("\t", " ")


def exchange(name: str, server: str = "forgejo-12") -> dict[str, Any]:
    """One recorded API exchange."""
    return dict(json.loads((RECORDED / server / "api" / f"{name}.json").read_text(encoding="utf-8")))


def delivery(name: str, server: str = "forgejo-12") -> dict[str, Any]:
    """One recorded webhook delivery."""
    return dict(json.loads((RECORDED / server / "webhooks" / f"{name}.json").read_text(encoding="utf-8")))


def calls(server: str) -> list[Recorded]:
    """All calls that were recorded of a server, whether or not their answers are kept here."""
    return _index(server, "calls")


def deliveries(server: str) -> list[Recorded]:
    """All deliveries that were recorded of a server, whether or not they are kept here."""
    return _index(server, "deliveries")


def _index(server: str, kind: str) -> list[Recorded]:
    lines = (RECORDED / server / f"{kind}.tsv").read_text(encoding="utf-8").splitlines()
    return [Recorded(*line.split("\t", 1)) for line in lines]
