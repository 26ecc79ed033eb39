"""The bot's half of the write protocol, made of the program's own parts, and what people do meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from bot.forgejo import ServerReader
from bot.model import Answer, CommentText, Own, Report, Snapshot, Verdict, digest
from bot.policy import LabelsPolicy
from bot.reconcile import Applier, LabelWriter
from bot.reconcile.apply import Unwritten
from bot.reconcile.evaluate import Evaluation, Parts, conclude
from bot.reconcile.own_records import record_own, settle
from bot.store import Store, owned
from bot.thread import own_objects
from tests.chaos.protocol.forge import BOT_ID, Cancelled, Ending, Forge, Killed
from tests.snapshots import BOT, LABELS, NOW, OPERATOR, POLICY, PULL, URL, snapshot

FULL = POLICY.model_copy(update={"labels": LabelsPolicy(profile="full")})
COMMAND = CommentText(
    id=900, author=OPERATOR, body="/help", body_hash=digest("/help"), created_at=NOW, edited=False, witnessed=True
)
PARTS = cast("Parts", SimpleNamespace(labels=LABELS, scanner=SimpleNamespace(mask=lambda text: text)))


@dataclass(frozen=True)
class Wish:
    """What the checks ask for: the report's words, the state, labels with their reasons, and an answer."""

    words: str = ""
    labels: tuple[tuple[str, bool, str], ...] = ()
    answers: bool = False
    silent: bool = False
    status: bool = False

    def report(self) -> Report:
        answers = (Answer(comment_id=COMMAND.id, reactions=(), reply="Done."),) if self.answers else ()
        return Report(
            check="secret-leak",
            verdict=Verdict.PASS if self.silent else Verdict.BLOCK,
            summary=self.words,
            status=self.status,
            labels={name: on for name, on, _ in self.labels},
            label_bases={name: why for name, _, why in self.labels},
            answers=answers,
        )


class MortalStore:
    """The store of a process that may be killed: what is written after that is not there."""

    def __init__(self, store: Store, forge: Forge) -> None:
        self._store = store
        self._forge = forge

    def read(self) -> Any:
        return self._store.read()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        if self._forge.dead:
            raise Killed
        async with self._store.session() as session:
            yield session


@dataclass
class Bot:
    """Looks at the pull request and writes."""

    store: Store
    forge: Forge = field(default_factory=Forge)

    def __post_init__(self) -> None:
        self.mortal = cast("Store", MortalStore(self.store, self.forge))

    async def look(self, wish: Wish, endings: dict[int, Ending] | None = None) -> int:
        """One look; gives the number of its writes, whether they succeeded or not."""
        self.forge.begin(endings or {})
        labels = LabelWriter(self.forge, LABELS, ServerReader(self.forge))
        applier = Applier(self.forge, self.mortal, labels, lambda: NOW)
        evaluation = conclude(PARTS, await self._observed(), (wish.report(),))
        with suppress(Killed, Cancelled, Unwritten):
            if (own := await settle(self.mortal, evaluation, LABELS)) is not None:
                changed = evaluation.snapshot.model_copy(update={"own": own})
                evaluation = conclude(PARTS, changed, evaluation.reports)
            done = await applier.apply(evaluation.snapshot, evaluation.actions, evaluation.disputed)
            await self._finish(evaluation, wrote=bool(done))
        return self.forge.writes

    async def _finish(self, evaluation: Evaluation, *, wrote: bool) -> None:
        async with self.mortal.session() as session:
            await record_own(session, evaluation, LABELS, NOW, wrote=wrote)

    async def _observed(self) -> Snapshot:
        state = self.forge.state
        async with self.store.read() as session:
            held = await owned.held(session, PULL)
            restored = await owned.restored(session, PULL, NOW)
        known = own_objects.known_comments(held)
        mine = Own(
            account=BOT,
            account_id=BOT_ID,
            url=URL,
            comments=own_objects.comments(PULL, state.comment_objects(), BOT_ID, known),
            labels=own_objects.labels(state.label_objects(), state.timeline()),
            statuses=state.status_objects(),
            held=held,
            restored=restored,
        )
        return snapshot(own=mine, comments=(COMMAND,), policy=FULL)

    async def accused(self) -> dict[str, int]:
        """How often somebody was accused of each object."""
        async with self.store.read() as session:
            return {one.object: one.total for one in await owned.restored(session, PULL, NOW)}
