"""Nothing is asked or read that no server says: every call, field and type of the client is in a description.

What a server has no description of is read from a recording of it, and listed here with the reason.
"""

import builtins
import json
import re
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import AwareDatetime, Field
from pydantic.fields import FieldInfo

from bot.forgejo import endpoints
from bot.forgejo.endpoint import Endpoint, Unread
from bot.forgejo.types import ActionRun, EarlyRun, GiteaRun, Label, Reply
from bot.forgejo.types.replies import OneOf
from tests.forgejo.contract.calls import ENDPOINTS, LISTS, ROOT, Use, uses, uses_in
from tests.forgejo.contract.openapi_names import Names, definitions_of, derive, models, shape
from tests.openapi import description

RECORDED = ROOT / "tests" / "recorded"
DERIVED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (RECORDED / "openapi").glob("*.json")}
SERVERS = ("forgejo-12", "forgejo-16")
# A type that one version alone has.
ONLY = {ActionRun: "forgejo-16", EarlyRun: "forgejo-12"}
# A parameter that one version alone has; the others pass over it.
ONLY_QUERY = {("RUNS", "ref"): "forgejo-16"}
# What no description tells, and the recording that holds it.
UNDESCRIBED = {
    ("Error", "errors"): (
        "forgejo-12/api/branch-missing.json",
        "refusals with details are described as plain text; every version answers them so",
    ),
    ("Repository", "autodetect_manual_merge"): (
        "gitea/api/repo.json",
        "Gitea alone tells it; Forgejo takes the setting and keeps it to itself",
    ),
}
SCALARS: dict[Any, str] = {
    int: "integer",
    str: "string",
    bool: "boolean",
    datetime: "date-time",
    AwareDatetime: "date-time",
}


def names(server: str) -> Names:
    found = DERIVED[server]
    assert isinstance(found, dict)
    return found


def wire(name: str, about: FieldInfo) -> str:
    """The field's name in JSON."""
    return about.alias or name


def json_types(annotation: Any) -> set[str]:
    """The types by which a description may call what an annotation reads; null stands for absent everywhere."""
    if annotation in SCALARS:
        return {SCALARS[annotation]}
    if isinstance(annotation, type) and issubclass(annotation, Reply):
        return {*definitions_of(annotation)}
    inner = [one for one in typing.get_args(annotation) if one is not type(None)]
    match typing.get_origin(annotation):
        case typing.Annotated:
            return json_types(inner[0])
        case typing.Union | types.UnionType:
            return {name for one in inner for name in json_types(one)}
        case builtins.tuple:
            return {f"[{name}]" for name in json_types(inner[0])}
        case builtins.dict:
            return {f"{{{name}}}" for name in json_types(inner[1])}
    raise TypeError(f"{annotation} is no type of an answer")


def faults(model: type[Reply], server: str, described: Names | None = None) -> Iterator[str]:
    """What a type reads that a server's description doesn't have, or has otherwise."""
    told = described or names(server)["definitions"]
    there = [name for name in definitions_of(model) if name in told]
    if not there:
        if ONLY.get(model, server) == server:
            yield f"{server} has no {model.definition}"
        return
    for name, about in model.model_fields.items():
        key = wire(name, about)
        if (model.__name__, key) in UNDESCRIBED or lacks(about, server):
            continue
        for definition in there:
            if key not in told[definition]:
                yield f"{server}: {definition} has no {key}"
            elif told[definition][key] not in json_types(about.annotation):
                yield f"{server}: {definition}.{key} is {told[definition][key]}"


def lacks(about: FieldInfo, server: str) -> bool:
    """Says whether a field came later than a server: its description then is `Forgejo ≥ 16`, and it has a default."""
    since = re.fullmatch(r"Forgejo ≥ (\d+)", about.description or "")
    return since is not None and not about.is_required() and int(server.removeprefix("forgejo-")) < int(since[1])


def held(value: Any, model: type[Reply]) -> bool:
    """Says whether a JSON object has every field of a type, of the type that it reads."""
    fields = {wire(name, about): json_types(about.annotation) for name, about in model.model_fields.items()}
    return isinstance(value, dict) and all(key in value and fits(value[key], kinds) for key, kinds in fields.items())


def fits(value: Any, kinds: set[str]) -> bool:
    match value:
        case bool():
            return "boolean" in kinds
        case int():
            return "integer" in kinds
        case str():
            moment = re.match(r"\d{4}-\d\d-\d\dT", value)
            return "date-time" in kinds if moment else "string" in kinds
        case list():
            return any(kind.startswith("[") for kind in kinds)
        case _:
            return isinstance(value, dict) and not kinds & {*SCALARS.values()}


def objects(value: Any) -> Iterator[Any]:
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from objects(part)


def recorded(place: str) -> Any:
    return json.loads((RECORDED / place).read_text(encoding="utf-8"))["response"]["json"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("model", [one for one in models() if one.definition], ids=lambda one: one.__name__)
def test_every_field_is_in_the_servers_description_by_name_and_type(model: type[Reply], server: str) -> None:
    assert [*faults(model, server)] == []


@pytest.mark.parametrize("model", [one for one in models() if not one.definition], ids=lambda one: one.__name__)
def test_what_no_description_has_is_in_a_recording_by_name_and_type(model: type[Reply]) -> None:
    assert any(held(value, model) for value in objects(recorded(model.recording)))


@pytest.mark.parametrize(("of", "key"), UNDESCRIBED)
def test_what_a_description_leaves_out_is_in_a_recording(of: str, key: str) -> None:
    (model,) = (one for one in models() if one.__name__ == of)
    place, reason = UNDESCRIBED[of, key]
    (about,) = (about for name, about in model.model_fields.items() if wire(name, about) == key)
    assert any(fits(value[key], json_types(about.annotation)) for value in objects(recorded(place)) if key in value)
    assert reason
    for server in SERVERS:
        assert key not in names(server)["definitions"][model.definition]


def test_every_type_names_what_it_reads() -> None:
    assert [one.__name__ for one in models() if bool(one.definition) == bool(one.recording)] == []
    assert {one for one in models() if not one.definition} == {GiteaRun}


class Task(Reply):
    """A task with a field that the older version's description lacks."""

    definition = "ActionTask"

    id: int
    attempt: int = Field(default=0, description="Forgejo ≥ 16")
    handle: str = Field(description="Forgejo ≥ 16")


def test_a_field_that_the_older_version_lacks_has_a_default_and_says_since_when() -> None:
    told = {**names("forgejo-12")["definitions"]["ActionTask"]}
    assert [*faults(Task, "forgejo-12", {"ActionTask": told})] == ["forgejo-12: ActionTask has no handle"]
    told |= {"handle": "string"}
    assert [*faults(Task, "forgejo-16", {"ActionTask": told})] == ["forgejo-16: ActionTask has no attempt"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("use", uses(), ids=lambda use: f"{use.endpoint}.{use.method}")
def test_every_call_is_in_the_servers_description_with_what_it_answers(use: Use, server: str) -> None:
    endpoint = ENDPOINTS[use.endpoint]
    operations = names(server)["paths"].get(endpoint.template)
    assert operations, f"{server} has no {endpoint.template}"
    assert use.verb in operations, f"{server} has no {use.verb} {endpoint.template}"
    operation = operations[use.verb]
    if use.method not in {"raw", "delete"} and endpoint.answer is not Unread:
        expected = {f"[{name}]" if use.method in LISTS else name for name in answers(endpoint)}
        assert operation["answer"] in expected, f"{use.place}: {use.verb} {endpoint.template}"
    if use.verb == "GET":
        asked = {name for name in endpoint.query if ONLY_QUERY.get((use.endpoint, name), server) == server}
        assert asked <= {*operation["query"]}


def answers(endpoint: Endpoint[Any]) -> set[str]:
    """The definitions that an endpoint reads."""
    kind = endpoint.answer
    kinds = kind.marks.values() if isinstance(kind, OneOf) else [kind]
    return {name for one in kinds for name in definitions_of(one)}


def test_every_endpoint_is_called() -> None:
    assert {*ENDPOINTS} == {use.endpoint for use in uses()}


def test_an_endpoint_stands_once_in_the_table() -> None:
    assert len({shape(endpoint.template) for endpoint in ENDPOINTS.values()}) == len(ENDPOINTS)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("await endpoints.ISSUE.fetch(client, name, 1)", "no call of the table"),
        ("await endpoints.NOTHING.get(client)", "no call of the table"),
        ("table = endpoints.ISSUE", "without saying which endpoint"),
        ("table = getattr(endpoints, name)", "without saying which endpoint"),
        ("from bot.forgejo.endpoints import ISSUE", "import the table as a whole"),
        ("await client.getitem('/user')", "past the table"),
        ("await self._client.post('/user', {})", "past the table"),
        ("call = machine.client.delete", "past the table"),
    ],
)
def test_a_call_that_hides_what_is_asked_is_found(source: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        list(uses_in(f"async def ask(client, machine, self, name):\n    {source}\n", "bot/elsewhere.py"))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("model", [one for one in models() if one.definition], ids=lambda one: one.__name__)
def test_a_wrong_name_or_type_of_any_field_is_found(model: type[Reply], server: str) -> None:
    told = names(server)["definitions"]
    for definition in definitions_of(model):
        for name, about in model.model_fields.items() if definition in told else ():
            key = wire(name, about)
            if (model.__name__, key) in UNDESCRIBED:
                continue
            renamed = {("was_" * (field == key)) + field: kind for field, kind in told[definition].items()}
            assert [*faults(model, server, {**told, definition: renamed})] == [f"{server}: {definition} has no {key}"]
            changed = {**told[definition], key: "number"}
            assert [*faults(model, server, {**told, definition: changed})] == [
                f"{server}: {definition}.{key} is number"
            ]


@pytest.mark.parametrize("model", models(), ids=lambda one: one.__name__)
def test_every_field_is_read_somewhere(model: type[Reply]) -> None:
    own = {ROOT / "bot" / "forgejo" / "types" / f"{name}.py" for name in ("actions", "commits", "server", "threads")}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py") if path not in own]
    # A property of the type itself may be what reads it.
    sources += [re.sub(r"(?m)^    \w+: .*$", "", path.read_text(encoding="utf-8")) for path in own]
    unread = [name for name in model.model_fields if not any(re.search(rf"\.{name}\b", source) for source in sources)]
    assert unread == []


@pytest.mark.parametrize("server", SERVERS)
def test_what_was_derived_is_what_the_description_says(server: str) -> None:
    assert derive(description(server)) == names(server), (
        "run python -m tests.forgejo.contract.openapi_names with the description's file"
    )


def test_a_parameter_that_is_not_declared_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="unknown parameter number"):
        endpoints.RUNS._known({"number": 1})


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        (("o/n", 12), "/repos/o/n/issues/12/labels"),
        (("o", "n", 12), None),
        (("o/n",), None),
        (("on", 12), None),
        (("o/..", 12), None),
        (("o/n", "a/b"), "/repos/o/n/issues/a%2Fb/labels"),
        (("{repo}/{index}", 1), "/repos/%7Brepo%7D/%7Bindex%7D/issues/1/labels"),
    ],
)
def test_an_address_is_made_of_its_parts(parts: tuple[str | int, ...], made: str | None) -> None:
    if made is None:
        with pytest.raises(ValueError, match=r"parts|path"):
            endpoints.ISSUE_LABELS.path(*parts)
    else:
        assert endpoints.ISSUE_LABELS.path(*parts) == made


def test_the_last_part_of_an_open_ended_address_keeps_its_slashes() -> None:
    assert endpoints.BRANCH.path("o/n", "codex/ü?x") == "/repos/o/n/branches/codex/%C3%BC%3Fx"
    with pytest.raises(ValueError, match="path"):
        endpoints.BRANCH.path("o/n", "a/../b")
    assert Endpoint("/orgs/{org}/labels/{id}", Label).path("o", "judge/p0") == "/orgs/o/labels/judge%2Fp0"
