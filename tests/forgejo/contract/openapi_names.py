"""What of a server's OpenAPI description the client reads, as names and types of ours.

`python -m tests.forgejo.contract.openapi_names FILE…` writes it for the description of each server version into
`tests/recorded/openapi`, to be done when a type or an endpoint of the client begins to read something else.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from bot.forgejo.types import Reply
from tests.forgejo.contract.calls import uses

FOLDER = Path(__file__).parents[2] / "recorded" / "openapi"
Names = dict[str, Any]


def models() -> list[type[Reply]]:
    """Every type of the client's answers."""
    found: list[type[Reply]] = []
    waiting = [Reply]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        found += subclasses
        waiting += subclasses
    return sorted((one for one in found if one.__module__.startswith("bot.")), key=lambda one: one.__name__)


def definitions_of(model: type[Reply]) -> list[str]:
    """The names of what a type reads, one for each way in which versions call it."""
    return [name for name in model.definition.split(" | ") if name]


def shape(path: str) -> str:
    """A path without the names of its holes, which differ between versions."""
    return re.sub(r"\{\w+\}", "{}", path)


def derive(description: Names) -> Names:
    """The definitions, paths and parameters of a description that the client reads, and their types."""
    wanted = {name for model in models() for name in definitions_of(model)}
    return {
        "version": description["info"]["version"],
        "definitions": {
            name: {field: _type(about, description) for field, about in sorted(whole["properties"].items())}
            for name, whole in sorted(description["definitions"].items())
            if name in wanted
        },
        "paths": _paths(description),
    }


def _paths(description: Names) -> Names:
    there = {shape(path): operations for path, operations in description["paths"].items()}
    found: Names = {}
    for use in uses():
        operation = there.get(shape(use.template), {}).get(use.verb.lower())
        if operation is not None:
            found.setdefault(use.template, {})[use.verb] = {
                "answer": _answer(operation, description),
                "query": sorted(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"),
            }
    return found


def _answer(operation: Names, description: Names) -> str:
    """The type of what a call that succeeds answers; empty for nothing, and for what isn't JSON."""
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            whole = description["responses"][_last(answer["$ref"])] if "$ref" in answer else answer
            return _type(whole["schema"], description) if "schema" in whole else ""
    return ""


def _type(about: Names, description: Names) -> str:
    """`integer`, `string`, `date-time`, `boolean`, `{string}` for an object, `[Label]` for a list, or a definition."""
    if "$ref" in about:
        name = _last(about["$ref"])
        target = description["definitions"][name]
        return name if "properties" in target else str(target.get("type", "any"))
    if about.get("type") == "array":
        return f"[{_type(about['items'], description)}]"
    if about.get("type") == "object":
        more = about.get("additionalProperties")
        return f"{{{_type(more, description)}}}" if isinstance(more, dict) else "object"
    return "date-time" if about.get("format") == "date-time" else str(about.get("type", "any"))


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def file_of(names: Names) -> Path:
    """Where the names of a version are kept."""
    return FOLDER / f"forgejo-{names['version'].partition('.')[0]}.json"


def main(files: list[str]) -> None:
    """Writes what is derived of each description."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in files:
        names = derive(json.loads(Path(file).read_text(encoding="utf-8")))
        file_of(names).write_text(json.dumps(names, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
