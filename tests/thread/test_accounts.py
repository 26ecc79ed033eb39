"""Logins are looked up once, bound to ids, and bound anew only by an operator of the host."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import select

from bot.forgejo.errors import ServerFault
from bot.forgejo.httpx import HttpxForgejo
from bot.forgejo.types import Comment, Issue, Repository, User
from bot.model import Decision
from bot.policy import Policy
from bot.store import Store, accounts, ledger
from bot.store.tables import DecisionRow
from bot.thread import Accounts, NotTheirs, Thread
from tests.listed import accounts_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
HOST = "root"


@dataclass
class Forge:
    """A server that knows accounts by login; None is a login that it does not tell, and a number an HTTP status."""

    users: dict[str, User | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        login = request.url.path.rpartition("/")[2]
        self.asked.append(login)
        found = self.users.get(login.casefold(), 404)
        if isinstance(found, User):
            return httpx.Response(200, json=found.model_dump())
        headers = {"location": "/api/v1/users/elsewhere"} if found in {301, 307} else {}
        return httpx.Response(found, headers=headers, json={"message": "no"})

    def has(self, login: str, number: int) -> None:
        self.users[login.casefold()] = User(id=number, login=login)


@dataclass
class Scene:
    """Accounts of a database and a server, and how often an alarm was raised."""

    forge: Forge
    known: Accounts
    store: Store
    alarms: list[int]

    async def states(self) -> list[tuple[str, int, str]]:
        async with self.store.read() as session:
            return [(one.login, one.id, one.state) for one in await accounts.known(session)]

    async def ledger(self) -> list[tuple[str, str]]:
        async with self.store.read() as session:
            assert (await ledger.verify(session)).broken_at is None
            return [(one.kind, one.detail["what"]) for one in await ledger.tail(session, 20)]


@pytest.fixture
async def scene(store: Store) -> AsyncIterator[Scene]:
    forge, alarms = Forge(), list[int]()
    forge.has("Zoe", 5)
    async with HttpxForgejo("http://forge.invalid", "x", transport=httpx.MockTransport(forge.answer)) as client:
        known = accounts_of(store, client, ("zoe",), alarm=lambda: alarms.append(1))
        yield Scene(forge, known, store, alarms)


def thread(*people: User) -> Thread:
    comments = tuple(
        Comment(id=number, user=user, created_at=AT, updated_at=AT) for number, user in enumerate(people, 1)
    )
    head = Issue(number=1, state="open", created_at=AT, updated_at=AT)
    return Thread(head, Repository(id=1, full_name="workshop/garden"), comments, ())


async def authors(scene: Scene, *people: User) -> list[str]:
    return [one.user.login for one in (await scene.known.named(thread(*people))).comments]


async def test_a_login_is_looked_up_once_and_never_again(scene: Scene) -> None:
    scene.forge.has("codex", 12)
    policy = Policy(agents=("codex", "nobody"), writers=("codex",))
    for _ in range(3):
        assert (await scene.known.narrowed(policy)).operators == ("zoe",)
    assert scene.forge.asked == ["zoe", "codex", "nobody"]
    assert await scene.states() == [("codex", 12, "bound"), ("nobody", 0, "missing"), ("zoe", 5, "bound")]


async def test_a_policy_that_nobody_trusted_binds_no_login(scene: Scene) -> None:
    scene.forge.has("mallory", 9)
    tried = await scene.known.tried(Policy(operators=("zoe", "mallory"), writers=("mallory",)))
    assert (tried.operators, tried.writers) == (("zoe",), ("mallory",))
    assert (scene.forge.asked, await scene.states()) == ([], [])


async def test_a_login_with_another_account_raises_one_alarm_and_has_no_rights(scene: Scene) -> None:
    assert await scene.known.operators() == ("zoe",)
    for _ in range(3):
        assert await authors(scene, User(id=9, login="zoe"), User(id=5, login="zoe2")) == ["zoe#9", "zoe"]
    assert len(scene.alarms) == 1
    assert await scene.states() == [("zoe", 5, "bound"), ("zoe", 9, "unconfirmed")]
    assert await scene.ledger() == [("account", "bound"), ("alarm", "login-taken"), ("account", "renamed")]
    assert [one.split(";")[0] for one in await scene.known.problems()] == [
        "account 9 has the login zoe, which means another account or none"
    ]


async def test_a_thread_has_a_note_about_the_stranger_in_it(scene: Scene) -> None:
    await scene.known.operators()
    found = await scene.known.named(thread(User(id=9, login="zoe"), User(id=9, login="zoe"), User(id=7, login="ann")))
    (note,) = scene.known.notes(found, Policy())
    assert note.startswith("zoe#9 uses or used the login zoe")
    assert note.endswith("assay accounts confirm zoe 9")
    calm = await scene.known.named(thread(User(id=5, login="zoe"), User(id=7, login="ann")))
    assert scene.known.notes(calm, Policy()) == ()


@pytest.mark.parametrize("status", [404, 301, 307])
async def test_a_login_that_nobody_had_when_it_was_listed_means_nobody_later(scene: Scene, status: int) -> None:
    scene.forge.users["zoe"] = status
    assert "no account zoe" in await scene.known.checked("zoe")
    scene.forge.has("zoe", 9)
    assert await scene.known.operators() == ("zoe",)
    assert await authors(scene, User(id=9, login="zoe")) == ["zoe#9"]
    assert "nobody has its rights" in await scene.known.checked("zoe")
    await scene.known.confirm("zoe", 9, HOST)
    assert await authors(scene, User(id=9, login="zoe")) == ["zoe"]
    assert await scene.known.checked("zoe") == ""


async def test_a_server_that_refuses_to_tell_gives_nobody_the_rights(scene: Scene) -> None:
    scene.forge.users["zoe"] = 403
    assert await scene.known.operators() == ("zoe",)
    assert await authors(scene, User(id=5, login="zoe")) == ["zoe#5"]
    assert await scene.states() == []
    await scene.known.operators()
    assert scene.forge.asked == ["zoe"]  # asked again only after some minutes


async def test_a_server_that_fails_is_asked_again_and_nothing_is_decided(scene: Scene) -> None:
    scene.forge.users["zoe"] = 500
    with pytest.raises(ServerFault):
        await scene.known.operators()
    scene.forge.has("zoe", 5)
    assert await scene.known.operators() == ("zoe",)
    assert await authors(scene, User(id=5, login="zoe")) == ["zoe"]


@pytest.mark.parametrize("login", ["@zoe", "zoe ann", "x" * 200, "renovate[bot]", "../zoe"])
async def test_what_is_no_login_is_never_asked_for_and_means_nobody(scene: Scene, login: str) -> None:
    policy = Policy.model_construct(**{**dict(Policy()), "writers": (login,)})
    assert (await scene.known.narrowed(policy)).writers == (login,)
    assert scene.forge.asked == ["zoe"]
    assert await authors(scene, User(id=9, login=login)) == [f"{login}#9"]


async def test_the_server_is_asked_again_who_an_operator_is(scene: Scene) -> None:
    assert await scene.known.checked("zoe") == ""
    scene.forge.has("zoe", 9)
    assert "account 9 has the login zoe now" in await scene.known.checked("zoe")
    assert len(scene.alarms) == 1
    scene.forge.users["zoe"] = 404
    assert "account 5 is no longer called zoe, and stays an operator" in await scene.known.checked("zoe")
    scene.forge.has("zoe", 5)
    assert await scene.known.checked("zoe") == ""
    assert await scene.states() == [("zoe", 5, "bound"), ("zoe", 9, "former")]
    assert await scene.known.problems() == ()
    assert await authors(scene, User(id=9, login="zoe")) == ["zoe#9"]
    assert len(scene.alarms) == 2


async def test_a_confirmed_account_has_the_rights_and_the_one_before_has_them_no_longer(scene: Scene) -> None:
    await scene.known.operators()
    scene.forge.has("zoe", 9)
    with pytest.raises(NotTheirs, match="belongs to account 9 now, not to 5"):
        await scene.known.confirm("zoe", 5, HOST)
    await scene.known.confirm("ZOE", 9, HOST)
    assert await authors(scene, User(id=9, login="zoe"), User(id=5, login="zoe2")) == ["zoe", "zoe#5"]
    assert await scene.states() == [("zoe", 5, "former"), ("zoe", 9, "bound")]
    assert ("account", "confirmed") in await scene.ledger()


async def test_what_the_server_hides_is_confirmed_only_as_it_was_seen(scene: Scene) -> None:
    scene.forge.users["zoe"] = 404
    await scene.known.operators()
    with pytest.raises(NotTheirs, match="has not seen it either"):
        await scene.known.confirm("zoe", 5, HOST)
    await authors(scene, User(id=5, login="zoe"))
    with pytest.raises(NotTheirs):
        await scene.known.confirm("zoe", 6, HOST)
    await scene.known.confirm("zoe", 5, HOST)
    assert await authors(scene, User(id=5, login="zoe")) == ["zoe"]


async def test_two_accounts_that_swap_their_logins_keep_their_rights(scene: Scene) -> None:
    scene.forge.has("codex", 12)
    policy = await scene.known.narrowed(Policy(agents=("codex",)))
    assert await authors(scene, User(id=12, login="zoe"), User(id=5, login="codex")) == ["codex", "zoe"]
    assert (policy.operators, policy.agents) == (("zoe",), ("codex",))


async def test_who_has_several_logins_at_once_in_time_is_one_account(scene: Scene) -> None:
    """Renamed and back: the login that was taken meanwhile is nobody's but the first account's."""
    await scene.known.operators()
    assert await authors(scene, User(id=5, login="zoe2")) == ["zoe"]
    assert await authors(scene, User(id=9, login="zoe")) == ["zoe#9"]
    assert await authors(scene, User(id=5, login="zoe"), User(id=9, login="other")) == ["zoe", "zoe#9"]


async def test_a_stored_decision_stays_its_accounts(scene: Scene) -> None:
    await scene.known.operators()
    decision = Decision(comment_id=1, line=1, command="hold", by="zoe", by_id=5, at=AT)
    others = (
        decision.model_copy(update={"by": "ann", "by_id": 7}),
        decision.model_copy(update={"by": "zoe", "by_id": 0}),
    )
    assert [one.by for one in await scene.known.decided([decision, *others])] == ["zoe", "ann", "zoe"]
    scene.forge.has("zoe", 9)
    await scene.known.confirm("zoe", 9, HOST)
    assert [one.by for one in await scene.known.decided([decision])] == ["zoe#5"]
    async with scene.store.read() as session:
        assert (await session.execute(select(DecisionRow.by_id))).all() == []
