"""Changes that no delivery told of are found with few requests, whatever the number of repositories."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import Machine, assemble
from bot.engine.local import LocalEngine
from bot.intake.resync import resync
from bot.model import Repo, Target
from bot.sandbox import FORGEJO_16, GITEA, Fault, Sandbox, Server
from bot.sandbox.world import BOT, settings_for
from bot.store import repositories
from bot.store.scheduling import due, listed
from tests.stories.server import RULES

MINUTE = timedelta(minutes=1)
COUNT, VISITS = 6, 2


@dataclass
class Place:
    """A sandbox with repositories of one owner, and a machine whose engine takes no work."""

    sandbox: Sandbox
    machine: Machine
    clock: list[datetime]
    repos: list[Repo] = field(default_factory=list)

    async def open(self, repo: Repo, title: str) -> None:
        await self.machine.client.post(f"/repos/{repo.name}/issues", {"title": title})

    async def round(self, *, minutes: int = 1) -> list[str]:
        """What the bot asked in one round of finding changes."""
        self.clock[0] += minutes * MINUTE
        self.sandbox.reset_calls()
        await self.machine.resync.recent()
        return [call.path.removeprefix("/api/v1/repos/") for call in self.sandbox.calls]

    async def dirty(self) -> list[str]:
        """The targets that wait, which count as evaluated from then on."""
        async with self.machine.store.session() as session:
            found = [one for one, _ in await due.dirty(session, self.clock[0])]
            for one in found:
                row = await resync.records.row_of(session, one)
                assert row is not None
                row.observed_generation, row.observed_at = row.desired_generation, self.clock[0]
        return sorted(map(str, found))


@asynccontextmanager
async def place(root: Path, server: Server = FORGEJO_16) -> AsyncIterator[Place]:
    clock = [datetime.now(UTC)]
    sandbox = Sandbox(root / "forge", server=server, clock=lambda: clock[0])
    await sandbox.start()
    token = sandbox.add_user(BOT)
    sandbox.add_org("workshop", owner=BOT)
    for number in range(COUNT):
        await sandbox.add_repo(f"workshop/r{number}")
    settings = settings_for(root, sandbox, token, rules_cache_dir=RULES, forgejo_background_rate=0)
    async with assemble(settings, lambda: clock[0]) as machine:
        here = Place(sandbox, machine, clock)
        async with machine.store.session() as session:
            for number in range(COUNT):
                repo = Repo(id=sandbox.repository_id(f"workshop/r{number}"), name=f"workshop/r{number}")
                here.repos.append(repo)
                await repositories.serve(session, repo, clock[0])
        yield here
    await sandbox.stop()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(resync, "VISITS", VISITS)
    async with place(tmp_path) as found:
        yield found


async def test_a_change_in_one_of_many_repositories_is_found_by_one_search(here: Place) -> None:
    assert len(await here.round()) == 2 * COUNT
    assert await here.dirty() == []
    await here.open(here.repos[4], "Beds")
    asked = await here.round()
    assert asked[0] == "issues/search"
    assert len(asked) == 1 + 2 * VISITS
    assert await here.dirty() == ["workshop/r4#1"]


async def test_quiet_repositories_take_turns_and_each_is_listed_within_some_rounds(here: Place) -> None:
    await here.round()
    asked = [path.partition("/")[2].partition("/")[0] for _ in range(3) for path in await here.round()]
    assert sorted(set(asked) - {"search"}) == [repo.name.partition("/")[2] for repo in here.repos]


async def test_where_the_search_is_refused_every_repository_is_listed(here: Place) -> None:
    await here.round()
    here.sandbox.faults.append(Fault("404", "/repos/issues/search"))
    assert len(await here.round()) == 2 * COUNT


async def test_a_server_without_the_search_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resync, "VISITS", VISITS)
    async with place(tmp_path, GITEA) as here:
        await here.round()
        await here.open(here.repos[4], "Beds")
        await here.round()
        assert await here.dirty() == ["workshop/r4#1"]


async def test_after_a_silence_of_days_the_search_tells_all_changes(here: Place) -> None:
    await here.round()
    here.clock[0] += timedelta(days=3)
    for repo in here.repos:
        await here.open(repo, "Beds")
    here.clock[0] += timedelta(days=1)
    asked = await here.round()
    assert len(asked) == 1 + 2 * VISITS
    assert await here.dirty() == [f"{repo.name}#1" for repo in here.repos]


async def test_no_more_repositories_than_are_visited_are_listed_without_a_search(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        await here.round()
        assert len(await here.round()) == 2 * COUNT


async def test_the_open_targets_of_a_repository_are_listed_daily_and_not_at_each_start(here: Place) -> None:
    await here.machine.resync.listings()
    here.sandbox.reset_calls()
    await here.machine.resync.listings()
    assert here.sandbox.calls == []
    here.clock[0] += timedelta(days=1, minutes=1)
    await here.machine.resync.listings()
    assert len(here.sandbox.calls) == COUNT


async def test_a_listing_marks_what_is_not_as_the_last_one_showed_it(here: Place) -> None:
    repo = here.repos[0]
    for number in range(1, 5):
        await here.open(repo, f"Bed {number}")
        path = f"/repos/{repo.name}/issues/{number}"
        await here.machine.client.post(f"{path}/comments", {"body": "dry"})
    await here.round()
    assert len(await here.dirty()) == 4
    await here.machine.resync.listings()
    assert await here.dirty() == []
    issues = here.sandbox._forge.repos[repo.name].issues
    issues[1].entries.clear()
    issues[2].body = "wet"
    issues[3].closed = here.clock[0]
    here.clock[0] += timedelta(days=1, minutes=1)
    await here.machine.resync.listings()
    assert await here.dirty() == [f"{repo.name}#{number}" for number in (1, 2, 3)]
    here.clock[0] += timedelta(days=1, minutes=1)
    await here.machine.resync.listings()
    assert await here.dirty() == [f"{repo.name}#3"], "it is open as far as anybody evaluated it"


async def test_what_was_found_waits_for_a_worker(here: Place) -> None:
    await here.open(here.repos[1], "Beds")
    await here.round()
    engine = here.machine.engine
    assert isinstance(engine, LocalEngine)
    assert str(Target.parse(f"{here.repos[1].name}#1")) in engine._queue
    async with here.machine.store.read() as session:
        assert (await listed.known(session, here.repos[1]))[1].updated_at is not None
