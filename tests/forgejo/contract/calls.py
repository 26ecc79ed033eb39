"""Which calls the bot makes, read from its source: every use of an endpoint of the table, and every way past it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.forgejo import endpoints
from bot.forgejo.endpoint import Endpoint

ROOT = Path(__file__).parents[3]
ENDPOINTS: dict[str, Endpoint[Any]] = {
    name: thing for name, thing in vars(endpoints).items() if isinstance(thing, Endpoint)
}
VERBS = {
    "get": "GET",
    "raw": "GET",
    "whole": "GET",
    "each": "GET",
    "post": "POST",
    "add": "POST",
    "patch": "PATCH",
    "delete": "DELETE",
}
LISTS = frozenset({"whole", "each", "add"})
RAW_VERBS = frozenset({"getitem", "getiter", "getraw"})
SENDING_VERBS = frozenset({"post", "patch", "put", "delete"})
# The client itself, and what plays other people on the stand-in, whose calls are no calls of the bot.
PAST_THE_TABLE = ("bot/forgejo/", "bot/sandbox/", "bot/demo/")


@dataclass(frozen=True)
class Use:
    """A method of an endpoint that is called, and a place where it is."""

    endpoint: str
    method: str
    place: str

    @property
    def verb(self) -> str:
        return VERBS[self.method]

    @property
    def template(self) -> str:
        return ENDPOINTS[self.endpoint].template


@cache
def uses() -> tuple[Use, ...]:
    """Every call of the bot, once for each endpoint and method. Raises ValueError for what can't be resolved."""
    found: dict[tuple[str, str], Use] = {}
    for path in sorted((ROOT / "bot").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for use in uses_in(path.read_text(encoding="utf-8"), place):
            found.setdefault((use.endpoint, use.method), use)
    return tuple(sorted(found.values(), key=lambda use: (use.template, use.verb, use.method)))


def uses_in(source: str, place: str) -> Iterator[Use]:
    """The calls in one module. Raises ValueError for a use of the table, or of the client, that hides what is asked."""
    if place in {"bot/forgejo/endpoints.py", "bot/forgejo/endpoint.py"}:
        return
    tree = ast.parse(source)
    chains, known = 0, set[int]()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=method, value=ast.Attribute(attr=name, value=ast.Name(id="endpoints") as table)):
                known.add(id(table))
                if name not in ENDPOINTS or method not in {*VERBS, "path"}:
                    raise ValueError(f"{place}:{node.lineno}: endpoints.{name}.{method} is no call of the table")
                if method != "path":
                    chains += 1
                    yield Use(name, method, f"{place}:{node.lineno}")
            case ast.ImportFrom(module="bot.forgejo.endpoints" | "bot.forgejo.endpoint"):
                raise ValueError(f"{place}:{node.lineno}: import the table as a whole, so that its uses can be found")
            case ast.Attribute(attr=verb, value=receiver) if _past(verb, receiver) and not place.startswith(
                PAST_THE_TABLE
            ):
                raise ValueError(f"{place}:{node.lineno}: .{verb} is called past the table of endpoints")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "endpoints" and id(node) not in known:
            raise ValueError(f"{place}:{node.lineno}: the table is used without saying which endpoint, and how")


def _past(verb: str, receiver: ast.expr) -> bool:
    name = ast.unparse(receiver).rpartition(".")[2].lstrip("_")
    return verb in RAW_VERBS or (verb in SENDING_VERBS and name in {"client", "api", "forgejo"})
