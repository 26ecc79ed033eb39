"""One API request as the handlers see it: who asks, about which repository, with what; and how to answer.

Failures are raised as `Refusal` and become Forgejo's JSON errors. Nothing here knows a single endpoint.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from bot.sandbox.actions import Lifecycle, News, Payloads
from bot.sandbox.events.events import Events
from bot.sandbox.events.pushes import Pushes
from bot.sandbox.events.statuses import Statuses
from bot.sandbox.events.webhooks import Webhooks
from bot.sandbox.git.diffs import Diffs
from bot.sandbox.git.repositories import Git
from bot.sandbox.people import Level, User
from bot.sandbox.records import Issue, Repo
from bot.sandbox.shapes.commits import Commits
from bot.sandbox.shapes.fixed import Json
from bot.sandbox.shapes.threads import Shapes
from bot.sandbox.state import Forge

NOT_FOUND = "The target couldn't be found."
PAGE_SIZE = 30
PAGE_LIMIT = 50


class Refusal(Exception):
    """An answer that isn't the one asked for. Without a message its body is empty, as some of Forgejo's are."""

    def __init__(self, status: int, message: str | None = None, errors: list[str] | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.errors = errors


class Moved(Refusal):
    """The 301 for a repository or an account under the name it had; a read gets a page with it, a write nothing."""

    def __init__(self, location: str, *, read: bool) -> None:
        page = f'<a href="{escape(location)}">Moved Permanently</a>.\n\n' if read else None
        super().__init__(301, page)
        self.location = location


def missing(*errors: str) -> Refusal:
    """The 404 for what isn't there or may not be seen."""
    return Refusal(404, NOT_FOUND, list(errors))


@dataclass(eq=False)
class Parts:
    """What the handlers work with; one for each sandbox."""

    forge: Forge
    git: Git
    diffs: Diffs
    commits: Commits
    events: Events
    hooks: Webhooks
    shapes: Shapes
    pushes: Pushes
    statuses: Statuses
    lifecycle: Lifecycle
    news: News
    payloads: Payloads


@dataclass(eq=False)
class Ask:
    """A request under way."""

    parts: Parts
    request: web.Request
    viewer: User | None
    found: Repo | None = None
    level: Level = Level.NONE
    body: Json = field(default_factory=dict)

    @property
    def forge(self) -> Forge:
        """The server's memory."""
        return self.parts.forge

    @property
    def repo(self) -> Repo:
        """The repository of the path; routes with an owner and a name always have one."""
        if self.found is None:
            raise missing()
        return self.found

    @property
    def doer(self) -> User:
        """Who asks, where signing in is required."""
        if self.viewer is None:
            raise Refusal(401, "token is required")
        return self.viewer

    def part(self, name: str) -> str:
        """A variable of the path, decoded."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        """A number of the path; 0, which nothing has, where it is none."""
        word = self.part(name)
        return int(word) if word.isascii() and word.isdigit() else 0

    def issue(self, *, pull: bool = False) -> Issue:
        """The issue that the path names. Raises a 404 where it isn't there, or isn't the pull request asked for."""
        issue = self.repo.issues.get(self.number("index"))
        if issue is None or (pull and issue.pull is None):
            raise missing()
        return issue

    def require(self, level: Level, message: str | None = None) -> None:
        """Raises a 403 for those who may less."""
        if self.level < level:
            raise Refusal(403, message)

    def text(self, name: str, *, needed: bool = False) -> str:
        """A text of the body, without lone surrogates. Raises a 422 where it is needed and empty, or no text."""
        value = self.body.get(name)
        if not needed and value in (None, ""):
            return ""
        if not isinstance(value, str | None):
            raise Refusal(422, f"json: cannot unmarshal {type(value).__name__} into Go struct field {name}")
        if not value:
            raise Refusal(422, f"[{name.title()}]: Required")
        return clean(value)

    def flag(self, name: str) -> bool | None:
        """A boolean of the body, or None where it isn't given."""
        value = self.body.get(name)
        return value if isinstance(value, bool) else None

    def moment(self, name: str) -> datetime | None:
        """A time of the query. Raises a 422 where it can't be read."""
        word = self.request.query.get(name)
        if not word:
            return None
        try:
            moment = datetime.fromisoformat(word)
        except ValueError as error:
            form = "2006-01-02T15:04:05Z07:00"
            said = f'parsing time "{word}" as "{form}": cannot parse "{word}" as "2006"'
            raise Refusal(422, said) from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def clean(text: str) -> str:
    """The text with every lone surrogate replaced, as Go's decoder does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


async def read_body(request: web.Request) -> Json:
    """The body of a write: JSON or a form. Raises a 422 for what is neither."""
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    if request.content_type != "application/json" or not raw.strip():
        return {}
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal(422, "the body is not JSON that can be read") from error
    if not isinstance(value, dict):
        raise Refusal(422, "the body is not a JSON object")
    return value


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    kind = {"Content-Type": "application/json;charset=utf-8"}
    return web.Response(body=body, status=status, headers=kind | (headers or {}))


def nothing(status: int = 204) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status)


def listed(values: Any, total: int) -> web.Response:
    """A whole list with its count."""
    return answer(values, headers={"Access-Control-Expose-Headers": "X-Total-Count", "X-Total-Count": str(total)})


@dataclass(frozen=True)
class Page:
    """The page of a list that a request asks for."""

    number: int
    size: int

    @classmethod
    def of(cls, request: web.Request, *, size: int = PAGE_SIZE, limit: str = "limit") -> "Page":
        """Reads `page` and `limit`: 30 by default, at most 50, and what is no number counts as not given."""
        number = _whole(request.query.get("page", ""), 1)
        return cls(number, min(_whole(request.query.get(limit, ""), size), max(size, PAGE_LIMIT)))

    def cut(self, values: Sequence[Any]) -> Sequence[Any]:
        """The values on this page."""
        return values[(self.number - 1) * self.size : self.number * self.size]

    def links(self, ask: Ask, total: int) -> dict[str, str]:
        """The Link header with the count; nothing links where one page holds all."""
        last = -(-total // self.size)
        ends = [("next", self.number + 1), ("last", last)] if self.number < last else []
        if self.number > 1:
            ends += [("first", 1), ("prev", min(self.number - 1, max(last, 1)))]
        headers = {"Access-Control-Expose-Headers": "X-Total-Count", "X-Total-Count": str(total)}
        if not ends:
            return headers
        link = ",".join(f'<{_address(ask, page)}>; rel="{word}"' for word, page in ends)
        return headers | {"Access-Control-Expose-Headers": "Link, X-Total-Count", "Link": link}

    def described(self, ask: Ask, total: int, *, also: str = "") -> dict[str, str]:
        """The headers of lists that also count their pages; `also` is one more that is exposed."""
        last = -(-total // self.size)
        headers = self.links(ask, total)
        exposed = f"X-Total-Count, X-Page, X-PerPage, {also}X-PageCount, X-HasMore"
        return headers | {
            "Access-Control-Expose-Headers": ("Link, " if "Link" in headers else "") + exposed,
            "X-Total-Count": str(total),
            "X-Page": str(self.number),
            "X-PerPage": str(self.size),
            "X-PageCount": str(last),
            "X-HasMore": "true" if self.number < last else "false",
        }


def _whole(word: str, default: int) -> int:
    return int(word) if word.isascii() and word.isdigit() and int(word) > 0 else default


def _address(ask: Ask, page: int) -> str:
    query = sorted([pair for pair in ask.request.query.items() if pair[0] != "page"] + [("page", str(page))])
    return f"{ask.forge.url}{ask.request.path}?{urlencode(query)}"
