"""A database as after many evaluations: repositories that were listed, and targets that nothing has happened on."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import insert

from bot.store import open_store
from bot.store.tables import Repository, TargetRow

AGE = timedelta(days=30)
DAY = timedelta(days=1)


async def fill(  # noqa: PLR0913 - what is staged, and how it was seen
    url: str,
    repositories: Iterable[tuple[int, str]],
    issues: int,
    pulls: int,
    now: datetime,
    *,
    listed: bool = True,
) -> None:
    """Record staged repositories and their targets (`Actions.stage`) as evaluated within the last day.

    `listed`: the repositories were listed a minute ago, and not never.
    """
    store = await open_store(url)
    for repository_id, name in repositories:
        async with store.session() as session:
            await session.execute(insert(Repository).values(_repository(repository_id, name, now, listed=listed)))
            rows = [_target(repository_id, number, issues, now) for number in range(1, issues + pulls + 1)]
            if rows:
                await session.execute(insert(TargetRow), rows)
    await store.close()


def _repository(repository_id: int, name: str, now: datetime, *, listed: bool) -> dict[str, object]:
    return {
        "id": repository_id,
        "full_name": name,
        "set_up_at": now - AGE - DAY,
        "resynced_at": now - timedelta(minutes=1) if listed else None,
        "default_branch": "main",
        "hears_runs": True,
    }


def _target(repository_id: int, number: int, issues: int, now: datetime) -> dict[str, object]:
    at = now - DAY * ((31 * repository_id + 7 * number) % 1000 / 1000)
    return {
        "repository_id": repository_id,
        "number": number,
        "kind": "issue" if number <= issues else "pull",
        "desired_generation": 1,
        "observed_generation": 1,
        "state": "open",
        "quiet": True,
        "base_ref": "" if number <= issues else "main",
        "updated_at": now - AGE,
        "observed_at": at,
    }
