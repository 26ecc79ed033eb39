"""Asks a model, with limits on concurrency and time, and a circuit breaker per model.

`bot.llm.endpoint` talks to the API. It is loaded with the first question, since it needs tens of megabytes, which a bot
without models does not need. Every failure is NoAnswer, with a text of our own.
"""

import asyncio
import importlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import structlog
from pydantic import BaseModel, SecretStr

from bot.config import ModelSettings
from bot.llm.outcome import FAULTS, NOT_ASKED, Outcome, Unanswered
from bot.llm.prompt import MAX_MATERIAL, prompt
from bot.model import Question
from bot.network import DIRECT, Network
from bot.telemetry import Metrics

if TYPE_CHECKING:
    from bot.llm.endpoint import Endpoint

log = structlog.get_logger(__name__)

FAULTS_IN_A_ROW = 3
PAUSE = timedelta(seconds=60)
NO_MODEL = "(none)"
"""The metric's label for an unknown model name: a policy's text must not become a label value."""


@dataclass
class Circuit:
    """A circuit breaker: pauses a model for a minute after three failures in a row, then after each further one."""

    faults: int = 0
    until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raise Unanswered while the model is paused."""
        if self.until is not None and now < self.until:
            raise Unanswered(Outcome.PAUSED, "it failed several times in a row and is paused for a minute")

    def saw(self, outcome: Outcome, now: datetime) -> None:
        """Record the outcome of a question."""
        if outcome in NOT_ASKED:
            return
        self.faults = self.faults + 1 if outcome in FAULTS else 0
        self.until = now + PAUSE if self.faults >= FAULTS_IN_A_ROW else None


@dataclass
class _Seat:
    """One model of the settings, and its state."""

    settings: ModelSettings
    key: SecretStr
    circuit: Circuit = field(default_factory=Circuit)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    endpoint: "Endpoint | None" = None


def _token() -> str:
    return secrets.token_hex(16)


class Models:
    """The models of the settings; `ask` is for `Tools.ask`. Close it at the end.

    Raises ConfigError if a key cannot be read.
    """

    def __init__(  # noqa: PLR0913 - all but the first by keyword
        self,
        settings: Mapping[str, ModelSettings],
        *,
        clock: Callable[[], datetime],
        metrics: Metrics,
        concurrency: int = 2,
        token: Callable[[], str] = _token,
        network: Network = DIRECT,
    ) -> None:
        self._seats = {name: _Seat(model, SecretStr(model.read_key(name))) for name, model in settings.items()}
        self._clock = clock
        self._metrics = metrics
        self._room = asyncio.Semaphore(concurrency)
        self._token = token
        self._network = network

    async def ask(self, question: Question) -> BaseModel:
        """Return an instance of `question.answer`. Raises NoAnswer, whose text quotes neither model nor server."""
        seat = self._seats.get(question.model)
        if seat is None:
            log.warning(
                "model.unknown", model=question.model, next="add it to ASSAY_MODELS, or remove it from the policy"
            )
            self._metrics.questions.labels(model=NO_MODEL, outcome=Outcome.UNKNOWN).inc()
            raise Unanswered(Outcome.UNKNOWN, "the model is not in the bot's settings")
        try:
            answer = await self._in_turn(seat, question)
        except Unanswered as fault:
            self._saw(question.model, fault.outcome)
            tell = log.info if fault.outcome in NOT_ASKED else log.warning
            tell("model.no_answer", model=question.model, outcome=fault.outcome, why=str(fault))
            raise
        except asyncio.CancelledError:
            self._saw(question.model, Outcome.CANCELLED)
            raise
        self._saw(question.model, Outcome.ANSWERED)
        return answer

    async def close(self) -> None:
        """Close all connections. A later question opens new ones."""
        for seat in self._seats.values():
            endpoint, seat.endpoint = seat.endpoint, None
            if endpoint is not None:
                await endpoint.close()

    def _saw(self, model: str, outcome: Outcome) -> None:
        self._seats[model].circuit.saw(outcome, self._clock())
        self._metrics.questions.labels(model=model, outcome=outcome).inc()

    async def _in_turn(self, seat: _Seat, question: Question) -> BaseModel:
        seconds = seat.settings.seconds
        seat.circuit.check(self._clock())
        try:
            async with asyncio.timeout(seconds):
                await self._room.acquire()
        except TimeoutError:
            raise Unanswered(Outcome.BUSY, "too many questions were waiting") from None
        try:
            # Earlier questions may have opened the circuit.
            seat.circuit.check(self._clock())
            written = prompt(question, self._token())
            if len(written.material) > MAX_MATERIAL:
                raise Unanswered(Outcome.TOO_LONG, "the text is too long for a model")
            endpoint = await self._endpoint(seat)
            async with asyncio.timeout(seconds):
                return await endpoint.answer(written, question.answer)
        except TimeoutError:
            raise Unanswered(Outcome.TIMEOUT, "it did not answer in time") from None
        finally:
            self._room.release()

    async def _endpoint(self, seat: _Seat) -> "Endpoint":
        """Return the endpoint. Its import takes most of a second, so it runs in a thread, to not block deliveries."""
        async with seat.opening:
            if seat.endpoint is None:
                seat.endpoint = await asyncio.to_thread(_open, seat.settings, seat.key, self._network)
            return seat.endpoint


def _open(settings: ModelSettings, key: SecretStr, network: Network) -> "Endpoint":
    module = importlib.import_module("bot.llm.endpoint")
    return cast("Endpoint", module.Endpoint(settings, key, network))
