"""No recording holds a secret: what looked like one stands in the copies as a placeholder."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.sandbox.recordings import RECORDED
from tests.scan.compiled import scanner


def test_the_projects_own_scanner_finds_nothing_in_the_recordings() -> None:
    looks = scanner()
    found = [
        f"{path.relative_to(RECORDED)}: {hit.rule} in line {hit.line}"
        for path in sorted(RECORDED.rglob("*"))
        if path.is_file()
        for text in texts(path)
        for hit in looks.scan(text).hits
    ]
    assert not found, "\n".join(found)


def texts(path: Path) -> Iterator[str]:
    """A file as it stands, and the bodies that are encoded in it."""
    whole = path.read_text(encoding="utf-8")
    yield whole
    if path.suffix == ".json":
        yield from (base64.b64decode(body).decode(errors="replace") for body in bodies(json.loads(whole)))


def bodies(value: Any) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name == "body_b64" and inner:
            yield inner
        else:
            yield from bodies(inner)
