"""What the server is asked about repositories that deliveries name, how seldom, and what becomes of the deliveries."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.forgejo.errors import ForgejoError, NotFound, Unreachable
from bot.intake.inbox import Inbox
from bot.intake.origins import ASK_AGAIN_SECONDS, MOST_STRANGERS, VALID_SECONDS, Origins
from bot.intake.routing import route_pending
from bot.model import Envelope, Repo
from bot.store import deliveries, repositories, witnesses
from bot.store.database.session import Store
from bot.thread import Named

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GARDEN = Repo(id=2, name="workshop/garden")
OWNER, FORMER = 7, 8


@dataclass
class Server:
    """A server with repositories: the name and the owner of each, or what it fails with."""

    store: Store
    known: dict[int, tuple[str, int]] = field(default_factory=lambda: {GARDEN.id: (GARDEN.name, OWNER)})
    fault: ForgejoError | None = None
    asked: list[int] = field(default_factory=list)
    now: datetime = NOON

    async def ask(self, repository_id: int) -> Named:
        self.asked.append(repository_id)
        if self.fault:
            raise self.fault
        if repository_id not in self.known:
            raise NotFound("GET", "/repositories", 404)
        name, owner = self.known[repository_id]
        return Named(Repo(id=repository_id, name=name), owner)

    async def named(self, repo: Repo) -> bool:
        async with self.store.session() as session:
            return bool(await repositories.serve(session, repo, self.now))

    async def expected(self, repository_id: int) -> None:
        async with self.store.session() as session:
            await repositories.expect(session, repository_id, self.now)

    def origins(self) -> Origins:
        return Origins(self, self.store, lambda: self.now)


def envelope(name: str = "one", **changes: Any) -> Envelope:
    values: dict[str, Any] = {
        "id": name,
        "event": "issue_comment",
        "action": "created",
        "repository": GARDEN.name,
        "repository_id": GARDEN.id,
        "number": 12,
        "is_pull": False,
        "sender": "codex",
        "sender_id": 3,
        "comment_id": 5,
        "comment_author": "codex",
        "comment_author_id": 3,
        "comment_hmac": "first",
        "signer": "repository",
        "witness": True,
        "received_at": NOON,
        "size": 1,
        "body_hash": "h",
    }
    return Envelope.model_validate(values | changes)


async def served(store: Store) -> dict[int, str]:
    async with store.read() as session:
        return {row.id: row.full_name for row in await repositories.known(session)}


async def test_a_known_repository_under_its_name_is_asked_about_never(store: Store) -> None:
    server = Server(store)
    await server.named(GARDEN)
    found = await server.origins().sort([envelope()])
    assert (len(found.envelopes), found.names, server.asked) == (1, {GARDEN.id: GARDEN.name}, [])


async def test_a_name_is_the_servers_and_not_the_bodys(store: Store) -> None:
    server, shed = Server(store), Repo(id=9, name="workshop/shed")
    await server.named(shed)
    origins = server.origins()
    for claimed in (shed.name, "workshop/else", GARDEN.name):
        found = await origins.sort([envelope(repository=claimed)])
        assert [one.repository for one in found.named()] == [GARDEN.name]
    assert (await served(store), server.asked) == ({GARDEN.id: GARDEN.name, shed.id: shed.name}, [GARDEN.id])


async def test_a_renamed_repository_gets_its_new_name(store: Store) -> None:
    server = Server(store)
    await server.named(Repo(id=GARDEN.id, name="workshop/before"))
    found = await server.origins().sort([envelope()])
    assert [one.repository for one in found.named()] == [GARDEN.name]
    assert await served(store) == {GARDEN.id: GARDEN.name}


async def test_an_earlier_answer_does_not_undo_a_name_that_was_learned_since(store: Store) -> None:
    server = Server(store)
    origins = server.origins()
    await origins.sort([envelope()])
    server.known[GARDEN.id] = ("workshop/orchard", OWNER)
    await server.named(Repo(id=GARDEN.id, name="workshop/orchard"))  # as a look at a redirect finds out
    found = await origins.sort([envelope("late", repository=GARDEN.name)])
    assert [one.repository for one in found.named()] == ["workshop/orchard"]
    assert (await served(store), len(server.asked)) == ({GARDEN.id: "workshop/orchard"}, 2)


async def test_the_owner_is_asked_again_after_some_minutes(store: Store) -> None:
    server = Server(store)
    origins, his = server.origins(), envelope(signer=f"owner:{FORMER}")
    server.known[GARDEN.id] = (GARDEN.name, FORMER)
    assert len((await origins.sort([his])).envelopes) == 1
    server.known[GARDEN.id] = (GARDEN.name, OWNER)  # transferred
    server.now += timedelta(seconds=VALID_SECONDS + 1)
    found = await origins.sort([his, envelope("two", signer=f"owner:{OWNER}")])
    assert ([one.id for one in found.refused], [one.id for one in found.envelopes]) == (["one"], ["two"])
    assert server.asked == [GARDEN.id] * 2


@pytest.mark.parametrize("signer", [f"owner:{OWNER}", "shared", "server", ""])
async def test_a_repository_that_the_server_does_not_show_is_not_served_for_others(store: Store, signer: str) -> None:
    server = Server(store)
    found = await server.origins().sort([envelope(repository_id=99, signer=signer)])
    assert (len(found.refused), await served(store)) == (1, {})


async def test_a_repository_whose_own_secret_signed_is_kept_until_it_is_shown(store: Store) -> None:
    server = Server(store, {})
    found = await server.origins().sort([envelope()])
    assert (len(found.envelopes), found.names, await served(store)) == (1, {}, {GARDEN.id: ""})


async def test_strangers_of_one_pass_are_bounded(store: Store) -> None:
    server = Server(store)
    batch = [envelope(str(number), repository_id=1000 + number, signer=f"owner:{OWNER}") for number in range(200)]
    found = await server.origins().sort(batch)
    assert (len(found.refused), len(server.asked), await served(store)) == (200, MOST_STRANGERS, {})


async def test_a_refusal_stands_for_a_while(store: Store) -> None:
    server = Server(store, {})
    origins, his = server.origins(), envelope(signer=f"owner:{OWNER}")
    await origins.sort([his])
    await origins.sort([his])
    assert server.asked == [GARDEN.id]
    server.now += timedelta(seconds=ASK_AGAIN_SECONDS + 1)
    server.known[GARDEN.id] = (GARDEN.name, OWNER)
    assert len((await origins.sort([his])).envelopes) == 1


async def test_what_the_server_cannot_confirm_now_waits_and_holds_up_nothing_else(store: Store) -> None:
    server, inbox = Server(store), Inbox(store)
    await inbox.start()
    await server.named(GARDEN)
    server.fault = Unreachable("GET", "/repositories", "no answer", sent=False)
    origins = server.origins()
    for number in range(3):
        await inbox.put(envelope(f"a{number}", repository_id=50, signer=f"owner:{OWNER}", comment_id=100 + number))
    await inbox.put(envelope("b"))
    changed = await route_pending(store, origins, 1, NOON)
    assert [str(one.target) for one in changed] == ["workshop/garden#12"]
    await inbox.recount()
    assert inbox.backlog == 3
    server.fault, server.known[50] = None, ("workshop/new", OWNER)
    changed = await route_pending(store, origins, 1, NOON)
    assert [str(one.target) for one in changed] == ["workshop/new#12"]
    async with store.read() as session:
        assert set(await witnesses.seen(session, 50, [100, 101, 102])) == {100, 101, 102}
    assert await deliveries.count_waiting(store) == 0
    await inbox.stop()


async def test_an_owner_who_is_none_bears_no_witness_and_one_who_is_does(store: Store) -> None:
    server, inbox = Server(store), Inbox(store)
    await inbox.start()
    await inbox.put(envelope("forged", signer=f"owner:{FORMER}", comment_hmac="forged"))
    await route_pending(store, server.origins(), 1, NOON)
    async with store.read() as session:
        assert await witnesses.seen(session, GARDEN.id, [5]) == {}
    await inbox.put(envelope("true", signer=f"owner:{OWNER}"))
    await route_pending(store, server.origins(), 1, NOON)
    async with store.read() as session:
        seen = (await witnesses.seen(session, GARDEN.id, [5]))[5]
    assert (seen.hmac, seen.witnessed, seen.changed) == ("first", True, False)
    await inbox.stop()
