"""The payload `soak.evidence.v1`: what somebody says of one run, installation, audit or removal of a soak.

Who writes it may leave out what his kind of evidence doesn't need, and name some keys as the tools that he reads from
do (`exitCode`); unknown keys are passed over. What counts of it is for the check to say: it is somebody's word.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from bot.model.words import Value
from bot.text import described

EVIDENCE_SCHEMA = "soak.evidence.v1"
EVIDENCE_BEGIN = f"<!-- {EVIDENCE_SCHEMA} -->"
EVIDENCE_END = f"<!-- /{EVIDENCE_SCHEMA} -->"
MAX_BLOCKS = 20
"""Payloads of one comment that are read."""
MAX_PAYLOAD = 64 * 1024
KNOWN = 4 * 1024
"""Payloads up to this length are remembered when they were read; those of `assay evidence collect` have 1 KB."""
MAX_ENTRIES = 50

_FOLD = r"(?:</?(?:details|summary)>[^<>\n]{0,100}){0,4}"
"""HTML of a manual fold, allowed before the marker on its line."""
_BEGIN = re.compile(rf"^ {{0,3}}{_FOLD}{re.escape(EVIDENCE_BEGIN)}", re.MULTILINE)
_FENCE = re.compile(r"\A\s*(`{3,}|~{3,})[a-z]*\n(.*)\n\1\s*\Z", re.DOTALL)


def _text(value: object) -> object:
    """YAML and careless writers make numbers of what is a name."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _mode(value: object) -> object:
    return f"{value:04d}" if isinstance(value, int) and not isinstance(value, bool) else value


def _run(value: object) -> object:
    """A run may be named by its number alone."""
    named = isinstance(value, int | str) and str(value).lstrip("#").isdigit()
    return {"number": int(str(value).lstrip("#"))} if named else value


def _moment(value: object) -> object:
    """What says no zone is meant in UTC."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?", value):
        return f"{value}Z"
    return value


Word = Annotated[str, BeforeValidator(_text), Field(max_length=200)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Key = Annotated[str, Field(max_length=200)]
Code = Annotated[int, Field(ge=-(2**31), lt=2**32)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _said(cls, data: Any) -> Any:
        """What is null isn't said."""
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class EvidenceRun(_Part):
    """A run as its reporter names it: the number that people see, and the id by which the API knows it."""

    number: Count = 0
    id: Count = Field(default=0, validation_alias=AliasChoices("id", "api_id"))
    workflow: Word = ""
    url: Annotated[str, Field(max_length=1000)] = ""


class EvidenceStep(_Part):
    """How one step of a run ended, in its own word, and its exit code; None where nobody says it."""

    status: Word = ""
    exit_code: Code | None = Field(default=None, validation_alias=AliasChoices("exit_code", "exitCode", "exit"))


class TokenFile(_Part):
    """A token file: its mode as octal digits, its owner, its size in bytes. Never its content."""

    mode: Annotated[str, BeforeValidator(_mode), Field(pattern=r"^[0-7]{3,4}$")]
    owner: Word
    size: Count = Field(validation_alias=AliasChoices("size", "bytes", "size_bytes"))


class Evidence(_Part):
    """One evidence payload. `markers` counts how often texts occur in the logs; `steps` are plan, apply and health."""

    soak: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["install", "smoke", "audit", "approval", "removal"]
    module: Word = ""
    run: Annotated[EvidenceRun | None, BeforeValidator(_run)] = None
    commit: Annotated[str, BeforeValidator(_text), Field(pattern=r"^[0-9A-Za-z]{0,64}$")] = ""
    markers: Annotated[dict[Key, Count], Field(max_length=MAX_ENTRIES)] = Field(default_factory=dict)
    steps: Annotated[dict[Key, EvidenceStep], Field(max_length=MAX_ENTRIES)] = Field(default_factory=dict)
    token_file: TokenFile | None = None
    approved_pr: Count | None = None
    window_hours: float | None = Field(default=None, ge=0, le=100_000)
    logs: Count | None = None
    observed_at: Annotated[AwareDatetime | None, BeforeValidator(_moment)] = None
    actor: Word = ""

    def content(self) -> dict[str, Any]:
        """Return the payload as JSON values, without empty fields."""
        return {"schema": EVIDENCE_SCHEMA, **self.model_dump(mode="json", exclude_none=True)}


@dataclass(frozen=True)
class Block:
    """One payload of a comment: the evidence, or the reason why it is invalid, without any of its text."""

    index: int
    evidence: Evidence | None = None
    fault: str = ""


class RunSeen(Value):
    """A run in Forgejo. `status` is Forgejo's value, `stuck` for a run that waits without a task, or `missing`.

    `unknown` says why the run could not be requested. `endpoint` is the request.
    """

    number: int
    id: int = 0
    workflow: str = ""
    status: str = ""
    commit: str = ""
    started_at: datetime | None = None
    url: str = ""
    endpoint: str = ""
    unknown: str = ""


class CommitSeen(Value):
    """A commit: whether it is on the default branch (None: unknown), and which requested pull requests it contains."""

    sha: str
    on_default: bool | None = None
    pulls: tuple[int, ...] = ()
    unknown: str = ""


class PullSeen(Value):
    """A pull request that a soak names: `open`, `closed`, `merged` or `missing`, and when it was merged."""

    number: int
    state: str
    merged_at: datetime | None = None


def blocks(body: str) -> Iterator[Block]:
    """Gives the payloads of a comment in their order. Quoted ones (`>` before the marker) are talk about them."""
    return (_block(index, text) for index, text in enumerate(islice(_payloads(body), MAX_BLOCKS)))


def _payloads(body: str) -> Iterator[str]:
    """Texts between markers. Each end is searched for once: a thousand beginnings without any must cost no time."""
    place = 0
    while (begin := _BEGIN.search(body, place)) and (end := body.find(EVIDENCE_END, begin.end())) >= 0:
        yield body[begin.end() : end]
        place = end + len(EVIDENCE_END)


def _block(index: int, text: str) -> Block:
    if len(text) > MAX_PAYLOAD:
        return Block(index, fault=f"larger than {MAX_PAYLOAD // 1024} KB")
    if fenced := _FENCE.match(text):
        text = fenced[2]
    evidence, fault = _known(text) if len(text) <= KNOWN else _read(text)
    return Block(index, evidence, fault)


def _read(text: str) -> tuple[Evidence | None, str]:
    try:
        return Evidence.model_validate(json.loads(text, object_pairs_hook=_each_once)), ""
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"][:3]) or "payload"
        return None, f"{where}: {described(first)}"
    except (ValueError, RecursionError):
        return None, "invalid JSON or duplicate key"


_known = lru_cache(maxsize=1000)(_read)
"""A thread's payloads are read several times at every look."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found
