"""A server in memory with one pull request: what the write protocol reads and writes, and every way a write can end."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.errors import Unreachable
from bot.forgejo.options import Options
from bot.forgejo.sansio import Request, Response
from bot.forgejo.types import Comment, Label, TimelineEvent
from bot.model import StatusSeen
from tests.snapshots import BOT, HEAD, NOW

BOT_ID = 7
OTHER_ID = 9
STAMP = NOW.isoformat()
ROOT = "/repos/workshop/garden"
EXCLUSIVE = "merge/"


class Ending(Enum):
    """How a write ends: `late` has its effect after the connection broke, `killed` and `cancelled` end the bot."""

    OK = "answered"
    REFUSED = "refused without effect"
    LOST = "done, and the answer lost"
    LATE = "the answer lost, and done later"
    KILLED_BEFORE = "killed before it was sent"
    KILLED_AFTER = "killed after it was done"
    CANCELLED = "cancelled after it was done"


class Killed(BaseException):
    """The process ended; nothing more is stored."""


class Cancelled(BaseException):
    """The work was cancelled, as at a graceful stop."""


@dataclass
class State:
    """What is on the server. `last` says of each label who set it last; `late` are writes that are still to come."""

    comments: dict[int, tuple[int, str]] = field(default_factory=dict)
    on: set[str] = field(default_factory=set)
    last: dict[str, tuple[bool, int]] = field(default_factory=dict)
    statuses: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)
    defined: list[str] = field(default_factory=list)
    late: list[tuple[str, str, Any]] = field(default_factory=list)
    next_id: int = 1

    def copy(self) -> "State":
        return deepcopy(self)

    def comment_objects(self) -> list[Comment]:
        return [
            Comment.of({"id": key, "body": body, "user": {"id": who}, "created_at": STAMP, "updated_at": STAMP})
            for key, (who, body) in self.comments.items()
        ]

    def label_objects(self) -> list[Label]:
        return [Label(id=self.defined.index(name) + 1, name=name) for name in sorted(self.on)]

    def timeline(self) -> list[TimelineEvent]:
        return [
            TimelineEvent.of(
                {
                    "type": "label",
                    "user": {"id": who, "login": BOT if who == BOT_ID else "codex"},
                    "label": {"id": self.defined.index(name) + 1, "name": name},
                    "created_at": STAMP,
                }
            )
            for name, (_, who) in self.last.items()
        ]

    def status_objects(self) -> tuple[StatusSeen, ...]:
        return tuple(
            StatusSeen(
                context=context,
                state=state,
                description=text,
                target_url=url,
                creator=BOT if who == BOT_ID else "codex",
                creator_id=who,
            )
            for context, (who, state, text, url) in sorted(self.statuses.items())
        )

    def put_label(self, name: str, who: int) -> None:
        if name in self.on:
            return
        if name.startswith(EXCLUSIVE):
            for other in [one for one in self.on if one.startswith(EXCLUSIVE)]:
                self.drop_label(other, who)
        self.on.add(name)
        self.last[name] = (True, who)

    def drop_label(self, name: str, who: int) -> None:
        if name in self.on:
            self.on.remove(name)
            self.last[name] = (False, who)

    def arrive(self) -> None:
        """The oldest write that is under way has its effect."""
        method, path, data = self.late.pop(0)
        self.perform(method, path, data)

    def perform(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        """Do a write of the bot and give its answer."""
        place = path.removeprefix(ROOT)
        if place == f"/statuses/{HEAD}":
            url = data["target_url"]
            self.statuses[data["context"]] = (BOT_ID, data["state"], data["description"], url)
            return 201, {}
        if place.endswith("/reactions"):
            return 201, {}
        if place.startswith("/issues/comments/"):
            return self._comment(method, int(place.rsplit("/", 1)[1]), data)
        if place.endswith("/comments"):
            key, self.next_id = self.next_id, self.next_id + 1
            self.comments[key] = (BOT_ID, data["body"])
            return 201, self._shown(key)
        if place == "/labels":
            self.defined.append(data["name"])
            return 201, {"id": len(self.defined), "name": data["name"]}
        return self._labels(method, place, data)

    def _comment(self, method: str, key: int, data: Any) -> tuple[int, Any]:
        if key not in self.comments:
            return 404, {"message": "comment does not exist"}
        if method == "DELETE":
            del self.comments[key]
            return 204, None
        self.comments[key] = (self.comments[key][0], data["body"])
        return 200, self._shown(key)

    def _shown(self, key: int) -> Any:
        who, body = self.comments[key]
        return {"id": key, "body": body, "user": {"id": who}, "created_at": STAMP, "updated_at": STAMP}

    def _labels(self, method: str, place: str, data: Any) -> tuple[int, Any]:
        if method == "POST":
            for number in data["labels"]:
                self.put_label(self.defined[number - 1], BOT_ID)
            return 200, [label.model_dump() for label in self.label_objects()]
        word = place.rsplit("/", 1)[1]
        name = self.defined[int(word) - 1] if word.isdigit() else word.replace("%2F", "/")
        self.drop_label(name, BOT_ID)
        return 204, None


class Forge(ForgejoAPI):
    """The client's side of it. `ending` says how the next writes end: the number of each, and its ending."""

    def __init__(self) -> None:
        super().__init__("http://forge.example", "", Options(attempts=1))
        self.state = State()
        self.endings: dict[int, Ending] = {}
        self.writes = 0
        self.dead = False
        self.on_kill: Callable[[], None] = lambda: None

    def begin(self, endings: dict[int, Ending]) -> None:
        """A new look begins, in a process that lives."""
        self.endings, self.writes, self.dead = endings, 0, False

    async def _sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing is repeated here, least of all after {seconds} s")

    async def _request(self, request: Request) -> Response:
        call = request.call
        if call.method == "GET":
            return _answer(200, self._read(call.path))
        ending = self.endings.get(self.writes, Ending.OK)
        self.writes += 1
        match ending:
            case Ending.REFUSED:
                return _answer(500, {"message": ""})
            case Ending.KILLED_BEFORE:
                self.dead = True
                raise Killed
            case Ending.LATE:
                self.state.late.append((call.method, call.path, call.data))
                raise Unreachable(call.method, call.path, "", sent=True)
        answer = _answer(*self.state.perform(call.method, call.path, call.data))
        match ending:
            case Ending.KILLED_AFTER:
                self.dead = True
                raise Killed
            case Ending.CANCELLED:
                raise Cancelled
            case Ending.LOST:
                raise Unreachable(call.method, call.path, "", sent=True)
        return answer

    def _read(self, path: str) -> Any:
        if path == "/version":
            return {"version": "16.0.0+gitea-1.22.0"}
        if path == f"{ROOT}/labels":
            return [{"id": place, "name": name} for place, name in enumerate(self.state.defined, 1)]
        if path.startswith("/orgs/"):
            return []
        assert path.endswith("/labels"), path
        return [label.model_dump() for label in self.state.label_objects()]


def _answer(status: int, value: Any) -> Response:
    body = b"" if value is None else json.dumps(value).encode()
    return Response(status, {"content-type": "application/json"}, body)
