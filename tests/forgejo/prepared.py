"""A transport that gives prepared answers, and a clock that only sleeping moves."""

import secrets
from collections.abc import Iterator
from typing import Any

import httpx

from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.options import Options

URL = "https://git.example.org/sub"
Answers = list[httpx.Response | Exception]


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """Gives prepared answers in turn, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.asked: list[httpx.Request] = []
        self.clock = Clock()
        self.seen: list[tuple[str, int]] = []
        self.token = secrets.token_hex(20)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, **options: Any) -> HttpxForgejo:
        timing: dict[str, Any] = {"sleep": self.clock.sleep, "clock": self.clock, "chance": lambda: 0.0}
        return HttpxForgejo(
            URL,
            lambda: self.token,
            Options(**timing, **options),
            observer=lambda method, status, _: self.seen.append((method, status)),
            transport=httpx.MockTransport(self),
        )


def ok(value: Any = 1, **headers: str) -> httpx.Response:
    return httpx.Response(200, json=value, headers={name.replace("_", "-"): told for name, told in headers.items()})
