"""What goes wrong in a life, by a seed: answers of the server, webhooks, clocks, and the end of the bot."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.sandbox import Sandbox
from bot.sandbox.events.webhooks import Delivery
from bot.sandbox.faults import Fault, FaultKind

KINDS: tuple[FaultKind, ...] = ("500", "502-html", "429", "close", "cut", "slow", "lost", "late", "stale")
WRITES = ("POST", "PATCH", "DELETE")
GIT = r"\.git/"
API = "/api/v1/"
MOST = 4
STALE = 0.9
"""Seconds; the bot reads again after one second before it accuses somebody."""


@dataclass
class Storm:
    """Faults that come and go while it lasts. Only requests of the bot are hit: people try again by themselves."""

    sandbox: Sandbox
    seed: int
    pace: float = 1.0
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"storm {self.seed}")  # noqa: S311 - repeatable
        self._held: list[Delivery] = []
        self.lost = self._chance.choice((0.0, 0.0, 0.1, 0.3))
        self.doubled = self._chance.choice((0.0, 0.1, 0.3))
        self.reordered = self._chance.choice((0.0, 0.1, 0.3))

    async def rage(self) -> None:
        """Bring faults until cancelled."""
        self.sandbox.disturb_hooks(self._disturbed)
        while True:
            await asyncio.sleep(self._chance.expovariate(2.0) * self.pace)
            self.sandbox.faults[:] = [one for one in self.sandbox.faults if one.times][-MOST:]
            self.sandbox.faults.append(self._fault())

    def end(self) -> None:
        """Everything works again; what was held back is lost."""
        self.sandbox.faults.clear()
        self.sandbox.disturb_hooks(None)

    def _fault(self) -> Fault:
        kind = self._chance.choice(KINDS)
        writes = kind in ("lost", "late") or (kind != "stale" and self._chance.random() < 0.5)
        method = self._chance.choice(WRITES) if writes else "GET"
        path = GIT if kind in ("500", "close", "502-html") and self._chance.random() < 0.2 else API
        fault = Fault(
            kind,
            path,
            "*" if path is GIT else method,
            times=self._chance.choice((1, 1, 2, 6)),
            seconds=STALE if kind == "stale" else self._chance.choice((0.3, 1.0, 5.0)),
            user="assay-bot",
        )
        self.happened.append(f"{fault.kind} {fault.method} {fault.path} x{fault.times}")
        return fault

    def _disturbed(self, delivery: Delivery) -> Sequence[Delivery]:
        dice = self._chance.random()
        if dice < self.lost:
            return []
        if dice < self.lost + self.doubled:
            return [delivery, delivery]
        if dice < self.lost + self.doubled + self.reordered:
            held, self._held = self._held, [delivery]
            return held
        held, self._held = self._held, []
        return [delivery, *held]
