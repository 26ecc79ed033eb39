"""Routes that no recording holds are held against the names and types of the server's own OpenAPI description.

The description itself isn't part of the project; what of it is needed stands in `described.json` beside the recordings.
"""

import json
import re
from typing import Any

import pytest

from bot.sandbox import FORGEJO_12, FORGEJO_16, Server
from tests.openapi import description
from tests.sandbox.contract.play import played
from tests.sandbox.contract.scenes.unplayed import DESCRIBED, ROUTES
from tests.sandbox.recordings import RECORDED

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
UNDESCRIBED = frozenset({"username"})
"""What every recorded account has, though no description does."""
CALLS = [
    pytest.param(server, route, id=f"{server.name}/{route}", marks=pytest.mark.xdist_group(server.name))
    for server in (FORGEJO_12, FORGEJO_16)
    for route, reason in ROUTES[server.name].items()
    if reason == DESCRIBED
]


def kept(server: Server) -> dict[str, Any]:
    return dict(json.loads((RECORDED / server.name / "described.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(("server", "route"), CALLS)
def test_an_answer_has_the_described_status_names_and_types(server: Server, route: str) -> None:
    answer, described = played(server.name, "described").answers[route], kept(server)
    expected = described["routes"][route]
    assert str(answer.status_code) in expected
    schema = expected[str(answer.status_code)]
    assert bool(answer.content) == (schema is not None)
    wrong = different(answer.json(), schema, described["definitions"], "") if schema else []
    assert not wrong, "\n".join(wrong)


def different(value: Any, schema: dict[str, Any], definitions: dict[str, Any], where: str) -> list[str]:
    """Names that aren't described, and values of another type. Null, which Swagger 2 lacks, is what isn't there."""
    if value is None:
        return []
    if "of" in schema:
        return different(value, definitions[schema["of"]], definitions, where)
    if not isinstance(value, TYPES[schema["type"]]):
        return [f"{where}: {type(value).__name__} instead of {schema['type']}"]
    if isinstance(value, list):
        return [one for item in value for one in different(item, schema["items"], definitions, f"{where}[]")]
    if not isinstance(value, dict) or "names" not in schema:
        return []
    found = [f"{where}.{name}: not described" for name in sorted(value.keys() - schema["names"].keys() - UNDESCRIBED)]
    for name in value.keys() & schema["names"].keys():
        found += different(value[name], schema["names"][name], definitions, f"{where}.{name}")
    return found


@pytest.mark.parametrize("server", [FORGEJO_12, FORGEJO_16], ids=lambda server: server.name)
def test_what_is_kept_is_what_the_server_describes(server: Server) -> None:
    whole = description(server.name)
    routes = [route for route, reason in ROUTES[server.name].items() if reason == DESCRIBED]
    assert kept(server) == derived(whole, routes)


def derived(described: dict[str, Any], routes: list[str]) -> dict[str, Any]:
    """The answers of some routes, and the definitions that they are made of: names and types alone."""
    known = {
        (method, bare(path)): told for path, methods in described["paths"].items() for method, told in methods.items()
    }
    wanted: dict[str, Any] = {}
    for route in routes:
        method, path = route.split(" ", 1)
        answers = known[method.lower(), bare(path)]["responses"]
        wanted[route] = {status: answer(told, described) for status, told in answers.items() if status < "300"}
    definitions: dict[str, Any] = {}
    pending = names_in(wanted)
    while pending:
        name = pending.pop()
        if name not in definitions:
            definitions[name] = simple(described["definitions"][name])
            pending |= names_in(definitions[name])
    return {"routes": wanted, "definitions": definitions}


def bare(path: str) -> str:
    return re.sub(r"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "{}", path)


def answer(told: dict[str, Any], described: dict[str, Any]) -> dict[str, Any] | None:
    whole = described["responses"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told
    return simple(whole["schema"]) if "schema" in whole else None


def simple(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"of": schema["$ref"].rpartition("/")[2]}
    if schema.get("type") == "array":
        return {"type": "array", "items": simple(schema["items"])}
    if "properties" in schema:
        return {"type": "object", "names": {name: simple(one) for name, one in schema["properties"].items()}}
    return {"type": schema.get("type", "object")}


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["of"]} if isinstance(value.get("of"), str) else set()
        return own.union(*(names_in(one) for one in value.values()))
    return set()
