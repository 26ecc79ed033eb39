"""What the search of an owner's repositories is relied on for, and what a listing that knows better changes."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.engine.local import LocalEngine
from bot.forgejo.errors import Paused
from bot.intake.resync.changes import Changes
from bot.intake.resync.search import Search
from bot.model import Kind, Repo, Target
from bot.store import Store
from bot.store.tables import Repository
from tests.forgejo.prepared import Server, ok

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REPOSITORIES = [
    Repository(id=number, full_name=f"workshop/{number}", set_up_at=NOW, visited_at=NOW - HOUR) for number in (1, 2, 3)
]


def target(number: int) -> Target:
    return Repo(id=number, name=f"workshop/{number}").target(7, Kind.PULL)


@pytest.fixture
async def search(store: Store) -> Search:
    server = Server(*[ok([]), ok([]), httpx.Response(404), httpx.Response(429, headers={"Retry-After": "99"})])
    client = server.client(attempts=1)
    return Search(client, Changes(client, store, LocalEngine()))


async def test_a_repository_with_a_change_that_the_search_did_not_tell_is_not_relied_on(search: Search) -> None:
    first, second, third = REPOSITORIES
    assert not search.relied_on(first)
    assert await search.of_owner("workshop", REPOSITORIES, NOW)
    search.compare(first, {target(1): NOW - HOUR})
    search.compare(second, {target(2): NOW})
    search.compare(third, {})
    assert [search.relied_on(one) for one in REPOSITORIES] == [False, True, True]
    assert await search.of_owner("workshop", REPOSITORIES, NOW + HOUR)
    assert [search.relied_on(one) for one in REPOSITORIES] == [False, True, True]


async def test_what_the_search_had_no_cause_to_tell_proves_nothing(search: Search) -> None:
    await search.of_owner("workshop", REPOSITORIES, NOW)
    search.compare(REPOSITORIES[0], {target(1): NOW - 5 * HOUR})
    assert search.relied_on(REPOSITORIES[0])


async def test_where_the_search_is_refused_it_is_relied_on_for_nothing_and_a_pause_is_told(search: Search) -> None:
    for _ in range(2):
        assert await search.of_owner("workshop", REPOSITORIES, NOW)
    assert not await search.of_owner("workshop", REPOSITORIES, NOW)
    assert not search.relied_on(REPOSITORIES[1])
    assert not await search.of_owner("workshop", REPOSITORIES, NOW)
    with pytest.raises(Paused):
        await search.of_owner("workshop", REPOSITORIES, NOW)
