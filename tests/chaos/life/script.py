"""What people do in a life: a seed gives the same events each time, whatever becomes of the bot meanwhile.

Targets are named by their place in the script, not by their number. Nothing in it depends on whether a delivery was
heard, since deliveries are lost in some lives.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.forgejo.httpx import HttpxForgejo
from bot.policy import PATH
from bot.sandbox import Sandbox
from bot.sandbox.world import AGENT, BOT, OPERATOR, OUTSIDER, REPOSITORY, WRITER

ROOT = f"/repos/{REPOSITORY}"
FREE = ("api", "docs", "analytics")
DECIDING = ("review:needs-human", "needs-operator-decision")
"""Labels that no check wants on or off here: whose word counts follows from whether the bot looked before it."""


@dataclass
class Place:
    """The server and the people at it; `targets` are the numbers in the order in which they were opened."""

    sandbox: Sandbox
    api: dict[str, HttpxForgejo]
    targets: list[tuple[bool, int]] = field(default_factory=list)

    async def label(self, name: str) -> int:
        """The id of a definition, which is made where it isn't there: the bot's are defined by the bot."""
        for one in await self.api[OPERATOR].getitem(f"{ROOT}/labels", {"limit": 50}) or []:
            if one["name"] == name:
                return int(one["id"])
        made = await self.api[OPERATOR].post(f"{ROOT}/labels", {"name": name, "color": "#00ff00"})
        return int(made["id"])

    async def reports(self, number: int) -> list[dict[str, Any]]:
        found = await self.api[OPERATOR].getitem(f"{ROOT}/issues/{number}/comments") or []
        mine = [one for one in found if one["user"]["login"] == BOT]
        return [one for one in mine if one["body"].partition("\n")[0].endswith((f"!{number} -->", f"#{number} -->"))]


Do = Callable[[Place], Awaitable[None]]


@dataclass(frozen=True)
class Event:
    """Something that somebody does."""

    name: str
    do: Do


@dataclass(frozen=True)
class Script:
    """Events in two halves: what happens, and then what is done with targets that the bot knows.

    In the second half somebody changes the bot's own things, and targets are closed or merged. What the bot says of
    one that is closed depends on whether it was judged before, so that isn't for the first half.
    """

    events: tuple[Event, ...]
    endings: tuple[Event, ...]


class Author:
    """Writes a script by chance."""

    def __init__(self, seed: int, length: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable
        self._kinds: list[bool] = []
        self._files = 0
        self._length = length

    def script(self) -> Script:
        events = [self._open(), self._open(), *(self._event() for _ in range(self._length))]
        chosen = self._chance.sample(range(len(self._kinds)), min(5, len(self._kinds)))
        return Script(tuple(events), tuple(map(self._ending, chosen)))

    def _event(self) -> Event:
        kinds = [self._open, self._push, self._push, self._comment, self._retitle, self._rewrite, self._label]
        return self._chance.choice([*kinds, self._policy, self._command])()

    def _ending(self, at: int) -> Event:
        return self._chance.choice((self._tamper, self._tamper, self._close, self._merge))(at)

    def _text(self, *, leak: bool) -> str:
        self._files += 1
        return f"FORGEJO_TOKEN={self._chance.randbytes(20).hex()}\n" if leak else f"BED = {self._files}\n"

    def _live(self, *, pull: bool | None = None) -> int | None:
        found = [at for at, kind in enumerate(self._kinds) if pull is None or kind is pull]
        return self._chance.choice(found) if found else None

    def _open(self) -> Event:
        at, leak, pull = len(self._kinds), self._chance.random() < 0.5, self._chance.random() < 0.6
        self._kinds.append(pull)
        text = self._text(leak=leak)

        async def open_pull(place: Place) -> None:
            await place.sandbox.commit_files(REPOSITORY, f"codex/{at}", {f"beds/{at}.env": text}, author=AGENT)
            data = {"title": f"feat: bed {at}", "base": "main", "head": f"codex/{at}", "body": "It is dry."}
            place.targets.append((True, (await place.api[AGENT].post(f"{ROOT}/pulls", data))["number"]))

        async def open_issue(place: Place) -> None:
            data = {"title": f"bug: bed {at}", "body": f"It says:\n\n{text}"}
            place.targets.append((False, (await place.api[OUTSIDER].post(f"{ROOT}/issues", data))["number"]))

        return Event(
            f"open {'pull request' if pull else 'issue'} {at}{' with a leak' if leak else ''}",
            open_pull if pull else open_issue,
        )

    def _push(self) -> Event:
        at = self._live(pull=True)
        if at is None:
            return self._open()
        text = self._text(leak=self._chance.random() < 0.4)
        name = f"beds/{at}-{self._files}.env"

        async def push(place: Place) -> None:
            await place.sandbox.commit_files(REPOSITORY, f"codex/{at}", {name: text}, author=AGENT)

        return Event(f"push to {at}", push)

    def _comment(self) -> Event:
        at, text = self._live(), self._text(leak=self._chance.random() < 0.3)

        async def comment(place: Place) -> None:
            number = place.targets[at or 0][1]
            await place.api[OUTSIDER].post(f"{ROOT}/issues/{number}/comments", {"body": f"See:\n\n{text}"})

        return Event(f"comment on {at}", comment) if at is not None else self._open()

    def _command(self) -> Event:
        at = self._live()
        body = self._chance.choice(("/help", "/explain secret-leak", "/recheck", "/gate"))

        async def command(place: Place) -> None:
            number = place.targets[at or 0][1]
            await place.api[OPERATOR].post(f"{ROOT}/issues/{number}/comments", {"body": body})

        return Event(f"{body} on {at}", command) if at is not None else self._open()

    def _retitle(self) -> Event:
        at, word = self._live(), self._chance.choice(("wet", "dry", "green"))
        return self._patch(at, {"title": f"feat: bed {at} is {word}"}) if at is not None else self._open()

    def _rewrite(self) -> Event:
        at, text = self._live(), self._text(leak=self._chance.random() < 0.3)
        return self._patch(at, {"body": f"It says now:\n\n{text}"}) if at is not None else self._open()

    def _close(self, at: int) -> Event:
        return self._patch(at, {"state": "closed"})

    def _patch(self, at: int, change: dict[str, str]) -> Event:
        async def patch(place: Place) -> None:
            await place.api[OPERATOR].patch(f"{ROOT}/issues/{place.targets[at][1]}", change)

        return Event(f"change {'/'.join(change)} of {at}", patch)

    def _label(self) -> Event:
        at, name = self._live(), self._chance.choice((*FREE, *DECIDING))

        async def label(place: Place) -> None:
            number = place.targets[at or 0][1]
            data = {"labels": [await place.label(name)]}
            await place.api[OPERATOR].post(f"{ROOT}/issues/{number}/labels", data)

        return Event(f"label {name} on {at}", label) if at is not None else self._open()

    def _merge(self, at: int) -> Event:
        if not self._kinds[at]:
            return self._close(at)

        async def merge(place: Place) -> None:
            await place.api[OPERATOR].post(f"{ROOT}/pulls/{place.targets[at][1]}/merge", {"Do": "merge"})

        return Event(f"merge {at}", merge)

    def _policy(self) -> Event:
        mode = self._chance.choice(("agents: [codex]\n", "agents: [codex]\nwriters: [iskra]\n", "agents: []\n"))

        async def policy(place: Place) -> None:
            await place.sandbox.commit_files(REPOSITORY, "main", {PATH: mode}, author=OPERATOR)

        return Event("change the policy", policy)

    def _tamper(self, at: int) -> Event:
        how = self._chance.choice(("edit", "delete", "label", "status"))

        async def tamper(place: Place) -> None:
            number = place.targets[at][1]
            await HOW[how](place, number)

        return Event(f"{how} the bot's on {at}", tamper)


async def _edit(place: Place, number: int) -> None:
    for one in (await place.reports(number))[:1]:
        await place.api[WRITER].patch(f"{ROOT}/issues/comments/{one['id']}", {"body": "all is well"})


async def _delete(place: Place, number: int) -> None:
    for one in (await place.reports(number))[:1]:
        await place.api[WRITER].delete(f"{ROOT}/issues/comments/{one['id']}")


async def _label(place: Place, number: int) -> None:
    data = {"labels": [await place.label("merge/auto")]}
    await place.api[WRITER].post(f"{ROOT}/issues/{number}/labels", data)


async def _status(place: Place, number: int) -> None:
    issue = await place.api[OPERATOR].getitem(f"{ROOT}/issues/{number}")
    if issue.get("pull_request"):
        head = (await place.api[OPERATOR].getitem(f"{ROOT}/pulls/{number}"))["head"]["sha"]
        data = {"context": "assay/secret-leak", "state": "success"}
        await place.api[WRITER].post(f"{ROOT}/statuses/{head}", data)


HOW = {"edit": _edit, "delete": _delete, "label": _label, "status": _status}
