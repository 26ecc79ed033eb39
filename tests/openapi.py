"""The OpenAPI descriptions of real servers, if they are on this machine.

They are the servers' own files (`GET /swagger.v1.json`) and no part of the project, which keeps only names and types of
them. `ASSAY_OPENAPI` names a folder that contains one for each server, in any subfolder.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@cache
def _descriptions() -> dict[str, dict[str, Any]]:
    folder = os.environ.get("ASSAY_OPENAPI")
    found: dict[str, dict[str, Any]] = {}
    for path in Path(folder).rglob("*.json") if folder else ():
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and "definitions" in content and "swagger" in content:
            found[f"forgejo-{content['info']['version'].partition('.')[0]}"] = content
    return found


def description(server: str) -> dict[str, Any]:
    """Return the description of a server such as `forgejo-16`, or skip the test."""
    found = _descriptions().get(server)
    if found is None:
        pytest.skip(f"no OpenAPI description of {server}; set ASSAY_OPENAPI to a folder that contains it")
    return found
