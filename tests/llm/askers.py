"""One model called `small` that tests ask, with a clock that they move and counters that they look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from bot.config import ModelSettings
from bot.llm.client import Models, Unanswered
from bot.model import NoAnswer, Question
from bot.telemetry import Metrics

KINDS = ["openai", "ollama"]
GOOD = '{"priority": "p1", "why": "it is dry"}'


class Opinion(BaseModel):
    """What the model is to say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    priority: str = Field(pattern="^p[0-3]$")
    why: str = ""


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Asker:
    """One model called `small`, and what the tests look at."""

    def __init__(self, server_url: str, **change: Any) -> None:
        concurrency = change.pop("concurrency", 2)
        kind = change.setdefault("kind", "openai")
        path = "/v1" if kind == "openai" else ""
        values: dict[str, Any] = {"url": f"{server_url}{path}", "model": "scripted:1b"}
        self.clock, self.metrics = Clock(), Metrics()
        self.models = Models(
            {"small": ModelSettings(**(values | change))},
            clock=self.clock,
            metrics=self.metrics,
            concurrency=concurrency,
        )

    async def ask(self, material: str = "The garden is dry.", *, model: str = "small", task: str = "Judge.") -> Opinion:
        answer = await self.models.ask(Question(model=model, task=task, material=material, answer=Opinion))
        assert isinstance(answer, Opinion)
        return answer

    async def fails(self, outcome: str, why: str | None = None) -> str:
        with pytest.raises(NoAnswer, match=why) as caught:
            await self.ask()
        assert isinstance(caught.value, Unanswered)
        assert caught.value.outcome == outcome
        assert self.counted(outcome) >= 1
        return str(caught.value)

    def counted(self, outcome: str, model: str = "small") -> float:
        found = self.metrics.registry.get_sample_value(
            "assay_model_questions_total", {"model": model, "outcome": outcome}
        )
        return found or 0.0


@asynccontextmanager
async def asking(server_url: str, **change: Any) -> AsyncIterator[Asker]:
    asker = Asker(server_url, **change)
    try:
        yield asker
    finally:
        await asker.models.close()
