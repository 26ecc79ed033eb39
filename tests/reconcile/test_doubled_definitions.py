"""Definitions of labels that arrive twice: one whose answer was lost and that was repeated, and one read too early."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.forgejo import ServerReader
from bot.forgejo.httpx import HttpxForgejo
from bot.labels import LabelSet
from bot.model import Held, Own, Target
from bot.plan import Action
from bot.reconcile import LabelWriter
from bot.sandbox import Sandbox
from bot.sandbox.world import BOT, OPERATOR, REPOSITORY
from bot.store.owned import MAY_ARRIVE
from tests.sandboxed import sandbox_with_people
from tests.snapshots import snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAME = "judge/p2"
ADD = Action(kind="label.add", object=f"label:{NAME}", label=NAME)


@dataclass
class Scene:
    """An issue on the sandbox, the bot's writer, and the operator's client."""

    sandbox: Sandbox
    writer: LabelWriter
    operator: HttpxForgejo
    issue: Target

    async def defined(self) -> list[str]:
        """The names of all definitions."""
        return [one["name"] for one in await self.operator.getitem(f"/repos/{REPOSITORY}/labels") or []]

    async def fold(self, age: timedelta, *, waiting: str = "on") -> int:
        """Let the writer fold, `age` after a write without an answer; the number of requests."""
        intended = f"{waiting}@{(NOW - age).timestamp():.0f}"
        own = Own(account=BOT, account_id=1, url="", held=(Held(object=f"label:{NAME}", intended=intended),))
        self.sandbox.reset_calls()
        await self.writer.fold_doubles(snapshot(own=own).model_copy(update={"target": self.issue, "taken_at": NOW}))
        return len(self.sandbox.calls)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sandbox_with_people(tmp_path) as (sandbox, _, api):
        bot, operator = api[BOT], api[OPERATOR]
        made = await operator.post(f"/repos/{REPOSITORY}/issues", {"title": "Dry"})
        repository = sandbox.repository_id(REPOSITORY)
        issue = Target(repository=REPOSITORY, repository_id=repository, number=made["number"], kind="issue")
        yield Scene(sandbox, LabelWriter(bot, LabelSet.load(), ServerReader(bot)), operator, issue)


async def test_a_definition_that_arrives_after_its_repetition_is_folded(scene: Scene) -> None:
    await scene.writer.add(scene.issue, [ADD])
    fields = scene.writer._definition(NAME)
    await scene.operator.post(f"/repos/{REPOSITORY}/labels", fields)
    assert await scene.defined() == [NAME, NAME]
    assert await scene.fold(timedelta(minutes=1)) > 0
    assert await scene.defined() == [NAME]
    labels = (await scene.operator.getitem(f"/repos/{REPOSITORY}/issues/{scene.issue.number}"))["labels"]
    assert [one["name"] for one in labels] == [NAME]


async def test_definitions_are_read_again_until_none_can_arrive_any_more(scene: Scene) -> None:
    assert await scene.fold(MAY_ARRIVE / 2) > 0
    assert await scene.fold(MAY_ARRIVE / 2) > 0
    assert await scene.fold(MAY_ARRIVE * 2) > 0
    assert await scene.fold(MAY_ARRIVE * 2) == 0


async def test_a_removal_without_an_answer_defines_nothing(scene: Scene) -> None:
    assert await scene.fold(timedelta(minutes=1), waiting="off") == 0


async def test_what_was_defined_a_moment_ago_is_not_defined_again_after_an_old_answer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.writer.add(scene.issue, [ADD])

    async def old(*_: object) -> dict[str, int]:
        return {}

    monkeypatch.setattr("bot.reconcile.label_writer.label_ids", old)
    more = Action(kind="label.add", object="label:kind/bug", label="kind/bug")
    await scene.writer.add(scene.issue, [ADD, more])
    assert sorted(await scene.defined()) == [NAME, "kind/bug"]
