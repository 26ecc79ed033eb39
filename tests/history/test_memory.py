"""Large changes take their part of the memory before they are read; small ones take none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.git import GitLimits, Mirrors
from bot.history import history, weight
from bot.history.history import Histories, HistoryLimits
from bot.memory import MemoryBudget, NoRoom
from tests.history.pulls import Pull, places, token_line

KIB = 1024


class Recorded(MemoryBudget):
    """A budget that tells what was taken, and when it is held."""

    def __init__(self, total: int, waiting: int = 1000) -> None:
        super().__init__(total, waiting)
        self.sizes: list[int] = []
        self.held = asyncio.Event()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        self.sizes.append(size)
        async with super().taken(size):
            self.held.set()
            yield


class Watched(Mirrors):
    """Mirrors that tell how much each command printed while the budget was held, and while it was not."""

    def __init__(self, pull: Pull, budget: MemoryBudget, limits: GitLimits) -> None:
        super().__init__(pull.root / "watched", pull.forge.sandbox.url, lambda: pull.forge.token, limits)
        self.budget = budget
        self.unpaid = 0

    async def run(self, folder: Path, *arguments: str, **how: Any) -> bytes:
        output = await super().run(folder, *arguments, **how)
        if not self.budget.used:
            self.unpaid += len(output)
        return output


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "SMALL", 20 * KIB)


async def large(pull: Pull, size: int = 100 * KIB) -> str:
    line = token_line()
    pull.work.commit("Large", {"large.txt": "a line of a large file\n" * (size // 23), ".env": line})
    await pull.push()
    return line


async def test_a_large_change_takes_memory_by_its_size_before_it_is_read(pull: Pull) -> None:
    await large(pull)
    budget = Recorded(64 * KIB * KIB)
    mirrors = Watched(pull, budget, GitLimits())
    found = await Histories(mirrors, pull.scanner, HistoryLimits(), memory=budget).read(pull.heads())
    assert [place[:3] for place in places(found.leaks)] == [("diff", ".env", 1)]
    assert found.gaps == ()
    (size,) = budget.sizes
    assert weight.taken_for(200 * KIB, 5 * KIB**2) < size < weight.taken_for(260 * KIB, 5 * KIB**2)
    assert mirrors.unpaid < 10 * KIB
    assert budget.used == 0


async def test_a_small_change_takes_none(pull: Pull) -> None:
    pull.work.commit("Small", {"small.txt": "x\n" * 100})
    await pull.push()
    budget = Recorded(64 * KIB * KIB)
    found = await Histories(pull.forge.mirrors, pull.scanner, HistoryLimits(), memory=budget).read(pull.heads())
    assert ([file.path for file in found.files], budget.sizes) == (["small.txt"], [])


async def test_a_change_over_gits_limit_takes_the_limit_and_says_what_was_not_read(pull: Pull) -> None:
    await large(pull, 300 * KIB)
    budget = Recorded(64 * KIB * KIB)
    mirrors = Watched(pull, budget, GitLimits(output_bytes=100 * KIB))
    found = await Histories(mirrors, pull.scanner, HistoryLimits(), memory=budget).read(pull.heads())
    assert budget.sizes == [weight.taken_for(2 * 100 * KIB, 5 * KIB**2)]
    assert "the rest of the patch" in {gap.what for gap in found.gaps}


async def test_a_change_with_a_file_over_the_limit_takes_the_limit_and_fetches_nothing_for_it(pull: Pull) -> None:
    await large(pull)
    budget = Recorded(64 * KIB * KIB)
    mirrors = Watched(pull, budget, GitLimits(file_bytes=50 * KIB, output_bytes=200 * KIB))
    pull.work.commit("Many", {f"small-{number}": f"{number} bed\n" * 1000 for number in range(5)})
    await pull.push()
    found = await Histories(mirrors, pull.scanner, HistoryLimits(), memory=budget).read(pull.heads())
    assert budget.sizes == [weight.taken_for(2 * 200 * KIB, 50 * KIB)]
    assert {gap.what for gap in found.gaps} == {"file large.txt"}


async def test_a_cancelled_reading_gives_its_memory_back(pull: Pull) -> None:
    await large(pull)
    budget = Recorded(64 * KIB * KIB)
    histories = Histories(pull.forge.mirrors, pull.scanner, HistoryLimits(), memory=budget)
    reading = asyncio.create_task(histories.read(pull.heads()))
    await budget.held.wait()
    assert budget.used
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading
    assert budget.used == 0


async def test_many_large_changes_hold_no_more_than_the_budget_and_all_are_read(pull: Pull) -> None:
    await large(pull)
    heads = [pull.heads()]
    for number in range(3):
        pull.work.commit(f"Another {number}", {"a.txt": f"{number}\n"})
        await pull.push()
        heads.append(pull.heads())
    budget = Recorded(weight.taken_for(300 * KIB, 5 * KIB**2))  # one at a time
    mirrors = Watched(pull, budget, GitLimits())
    histories = Histories(mirrors, pull.scanner, HistoryLimits(), memory=budget)
    found = await asyncio.gather(*(histories.read(one) for one in heads))
    assert [len(one.commits) for one in found] == [1, 2, 3, 4]
    assert len(budget.sizes) == 4
    assert budget.used == 0


async def test_a_large_change_is_refused_while_too_many_wait(pull: Pull) -> None:
    await large(pull)
    budget = Recorded(KIB * KIB, waiting=0)
    histories = Histories(pull.forge.mirrors, pull.scanner, HistoryLimits(), memory=budget)
    with pytest.raises(NoRoom):
        await histories.read(pull.heads())
