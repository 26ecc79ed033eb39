"""Deliveries forged with a secret that somebody may know: they prove nothing about any other repository, and no second
text of a comment.

The story behind: an operator writes a harmless comment; a writer rewrites it into a command in the same second, so that
its times stay equal, and forges the delivery that would bear witness to the new text.
"""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.intake import Signer
from bot.intake.origins import MOST_STRANGERS
from bot.model import SignerKind
from bot.sandbox.world import AGENT, OPERATOR, REPOSITORY, WRITER, World
from bot.store import targets, witnesses
from bot.store.tables import TargetRow, Witness
from tests.intake.stored import unrouted
from tests.stories.conftest import hook
from tests.stories.houses import Home
from tests.stories.pushes import leaking_pull
from tests.stories.trust.forging import NURSERY, created, deliver, garden, nursery, rows

pytestmark = pytest.mark.long

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMENTS = f"/repos/{REPOSITORY}/issues/comments"
HARMLESS = "I will look at this tomorrow."
LEAK = "assay/secret-leak"


@pytest.fixture
async def still(home: Home) -> AsyncIterator[World]:
    """A world in which all happens in one second."""
    async with home(clock=lambda: NOW) as running:
        await hook(running)
        yield running


class Case:
    """The agent's leaking pull request in the garden, and what its report asks to accept."""

    def __init__(self, scene: World, number: int, head: str, command: str) -> None:
        self.scene, self.number, self.head, self.command = scene, number, head, command

    @classmethod
    async def opened(cls, scene: World) -> "Case":
        number, head = await leaking_pull(scene)
        await scene.settled()
        target = scene.target(f"!{number}")
        leaks = (await scene.machine.reconciler.evaluate(target)).snapshot.inputs.leaks
        return cls(scene, number, head, f"/accept {leaks[0].fingerprint} looks harmless to me")

    async def write(self, login: str = OPERATOR, text: str = HARMLESS) -> int:
        comment = await self.scene.write(login, self.number, text)
        await self.scene.settled()
        return comment

    async def rewrite(self, comment: int, login: str = AGENT, **more: Any) -> None:
        await self.scene.api[login].patch(f"{COMMENTS}/{comment}", {"body": self.command, **more})
        await self.scene.settled()

    async def state(self) -> str:
        """The status of the check, after one more look."""
        await self.scene.settled()
        await self.scene.machine.engine.submit(self.scene.target(f"!{self.number}"))
        await self.scene.settled()
        return (await self.scene.statuses(self.head))[LEAK]


async def witnessed(scene: World, comments: list[int]) -> list[int]:
    """The comments that a delivery bore witness to."""
    async with scene.machine.store.read() as session:
        seen = await witnesses.seen(session, scene.repo.id, comments)
    return [comment for comment in comments if seen[comment].witnessed]


async def test_a_command_that_the_operator_wrote_himself_is_obeyed(still: World) -> None:
    case = await Case.opened(still)
    comment = await case.write(text=case.command)
    assert await case.state() == "success"
    assert await witnessed(still, [comment]) == [comment]


@pytest.mark.parametrize("address", ["of his own repository", "of the other repository", "without a repository"])
async def test_the_secret_of_one_repository_proves_nothing_about_another(still: World, address: str) -> None:
    case, known = await Case.opened(still), await nursery(still)
    still.sandbox.hooks_paused = True  # Forgejo's own delivery is not there yet
    comment = await still.write(OPERATOR, case.number, HARMLESS)
    await still.api[AGENT].patch(f"{COMMENTS}/{comment}", {"body": case.command})
    query = {"of his own repository": known.query, "of the other repository": garden(still).query}.get(address, "")
    payload = await created(still, case.number, comment)
    assert payload["comment"]["created_at"] == payload["comment"]["updated_at"]
    assert await deliver(still, payload, known, query=query) == 401
    assert await case.state() == "failure"
    assert await witnessed(still, [comment]) == []


async def test_an_edit_in_the_same_second_commands_nothing(still: World) -> None:
    case = await Case.opened(still)
    await case.rewrite(await case.write())
    assert await case.state() == "failure"


async def test_a_second_new_comment_of_one_id_bears_no_witness_even_with_the_right_secret(still: World) -> None:
    case = await Case.opened(still)
    comment = await case.write()
    still.sandbox.hooks_paused = True
    await case.rewrite(comment)
    assert await deliver(still, await created(still, case.number, comment), garden(still)) == 202
    assert await case.state() == "failure"


async def test_what_the_api_showed_first_is_not_replaced_by_a_later_delivery(still: World) -> None:
    case = await Case.opened(still)
    still.sandbox.hooks_paused = True
    comment = await still.write(OPERATOR, case.number, HARMLESS)
    assert await case.state() == "failure"  # the bot has read the comment, and no delivery told of it
    await still.api[AGENT].patch(f"{COMMENTS}/{comment}", {"body": case.command})
    assert await deliver(still, await created(still, case.number, comment), garden(still)) == 202
    assert await case.state() == "failure"


async def test_a_late_delivery_of_the_text_that_the_api_showed_bears_witness(still: World) -> None:
    case = await Case.opened(still)
    still.sandbox.hooks_paused = True
    comment = await still.write(OPERATOR, case.number, case.command)
    assert await case.state() == "failure"
    assert await deliver(still, await created(still, case.number, comment), garden(still)) == 202
    await still.settled()
    async with still.machine.store.read() as session:
        assert (await witnesses.seen(session, still.repo.id, [comment]))[comment].witnessed


async def test_an_admin_who_sets_the_time_of_his_edit_back_rewrites_nothing(home: Home) -> None:
    minutes = [0]
    async with home(clock=lambda: NOW + timedelta(minutes=minutes[0])) as scene:
        await hook(scene)
        scene.sandbox.grant(REPOSITORY, WRITER, "admin")
        case = await Case.opened(scene)
        comment = await case.write()
        minutes[0] += 90
        scene.sandbox.hooks_paused = True
        before = await scene.api[OPERATOR].getitem(f"{COMMENTS}/{comment}")
        await case.rewrite(comment, WRITER, updated_at=before["created_at"])
        after = await created(scene, case.number, comment)
        assert after["comment"]["updated_at"] == after["comment"]["created_at"]
        assert await deliver(scene, after, garden(scene)) == 202
        assert await case.state() == "failure"


NOT_NEW = (
    {"action": "edited"},
    {"action": "opened"},
    {"changes": {"body": {"from": HARMLESS}}},
    {"review": {"type": "pull_request_review_comment", "content": ""}},
    {"sender": {"id": 4, "login": AGENT}},
    {"sender": None},
    {"issue": None},
    {"repository": None},
)


async def test_a_body_that_is_not_of_a_new_comment_bears_no_witness(still: World) -> None:
    case = await Case.opened(still)
    still.sandbox.hooks_paused = True
    comments = []
    for changes in NOT_NEW:
        comment = await still.write(OPERATOR, case.number, case.command)
        payload = await created(still, case.number, comment, **changes)
        assert await deliver(still, payload, garden(still)) == (401 if "repository" in changes else 202), changes
        comments.append(comment)
    assert await case.state() == "failure"
    assert await witnessed(still, comments) == []


async def test_a_header_of_another_event_bears_no_witness(still: World) -> None:
    case = await Case.opened(still)
    still.sandbox.hooks_paused = True
    comments = []
    for event in ("push", "wiki", "issues", "pull_request", "pull_request_review_comment", "status"):
        comment = await still.write(OPERATOR, case.number, case.command)
        assert await deliver(still, await created(still, case.number, comment), garden(still), event) == 202
        comments.append(comment)
    assert await case.state() == "failure"
    assert await witnessed(still, comments) == []


async def test_another_author_for_the_same_comment_makes_it_an_edited_one(still: World) -> None:
    case = await Case.opened(still)
    comment = await case.write(AGENT, case.command)
    operator = await still.api[OPERATOR].getitem("/user")
    payload = await created(still, case.number, comment)
    payload["comment"]["user"] = payload["sender"] = operator
    assert await deliver(still, payload, garden(still)) == 202
    assert await case.state() == "failure"
    async with still.machine.store.read() as session:
        seen = (await witnesses.seen(session, still.repo.id, [comment]))[comment]
    assert (seen.author, seen.changed) == (AGENT, True)


async def test_an_old_delivery_sent_again_under_a_new_id_changes_nothing(still: World) -> None:
    case = await Case.opened(still)
    comment = await case.write(text=case.command)
    payload = await created(still, case.number, comment)
    assert await deliver(still, payload, garden(still), name="again-1") == 202
    assert await deliver(still, payload, garden(still), name="again-1") == 200
    assert await case.state() == "success"


async def test_a_key_that_comes_twice_makes_no_two_repositories_of_one(still: World) -> None:
    known = await nursery(still)
    case = await Case.opened(still)
    comment = await still.write(AGENT, case.number, HARMLESS)
    theirs = json.dumps(await created(still, case.number, comment))[1:-1]
    mine = json.dumps({"repository": await still.api[AGENT].getitem(f"/repos/{NURSERY}")})[1:-1]
    assert await deliver(still, None, known, raw=f"{{{mine},{theirs}}}".encode()) == 401
    assert await deliver(still, None, known, raw=f"{{{theirs},{mine}}}".encode()) == 202
    await still.settled()
    async with still.machine.store.read() as session:
        found = (await session.execute(select(Witness.repository_id).where(Witness.comment_id == comment))).scalars()
        assert known.id in set(found)  # about his own repository alone
        seen = await witnesses.seen(session, still.repo.id, [comment])
    assert seen[comment].author == AGENT


async def test_the_repository_of_a_head_or_of_a_run_is_not_the_one_that_a_delivery_is_about(still: World) -> None:
    known = await nursery(still)
    other = await still.api[AGENT].getitem(f"/repos/{REPOSITORY}")
    mine = await still.api[AGENT].getitem(f"/repos/{NURSERY}")
    pull = {"number": 1, "head": {"sha": "a" * 40, "repo": other, "repo_id": other["id"]}, "base": {"repo": other}}
    body = {"action": "opened", "number": 1, "pull_request": pull, "repository": mine, "sender": {"id": 1}}
    assert await deliver(still, body, known, "pull_request") == 202
    assert await deliver(still, body | {"repository": other}, known, "pull_request") == 401
    run = {"repository": mine, "commit_sha": "a" * 40, "prettyref": "main"}
    assert await deliver(still, {"run": run, "repository": other}, known, "action_run_success") == 401
    assert await deliver(still, {"run": run | {"repository": other}}, known, "action_run_success") == 401
    await still.settled()
    async with still.machine.store.read() as session:
        assert set((await session.execute(select(TargetRow.repository_id))).scalars()) == {known.id}


async def test_a_form_is_held_to_the_same_rule(still: World) -> None:
    known, case = await nursery(still), await Case.opened(still)
    comment = await still.write(OPERATOR, case.number, HARMLESS)
    payload = await created(still, case.number, comment)
    assert await deliver(still, payload, known, form=True) == 401
    assert await deliver(still, payload, garden(still), form=True) == 202


async def test_a_repository_does_not_get_anothers_name_by_saying_so(still: World) -> None:
    known = await nursery(still)
    await Case.opened(still)
    mine = await still.api[AGENT].getitem(f"/repos/{NURSERY}")
    for name in (REPOSITORY, "workshop/elsewhere"):
        body = {
            "action": "opened",
            "issue": {"number": 1},
            "repository": mine | {"full_name": name},
            "sender": {"id": 1},
        }
        assert await deliver(still, body, known, "issues") == 202
        await still.settled()
    assert await rows(still) == {still.repo.id: REPOSITORY, known.id: NURSERY}


async def test_the_secret_of_an_owner_proves_only_what_the_server_says_he_owns(still: World) -> None:
    owner = (await still.api[AGENT].getitem("/user"))["id"]
    his = Signer(SignerKind.OWNER, owner)
    case = await Case.opened(still)
    still.sandbox.hooks_paused = True
    comment = await still.write(OPERATOR, case.number, case.command)
    honest = await created(still, case.number, comment)
    assert await deliver(still, honest, his) == 401  # the body names the true owner
    forged = honest | {"repository": honest["repository"] | {"owner": {"id": owner, "login": AGENT}}}
    assert await deliver(still, forged, his) == 202  # so far only the body says what it is about
    assert await case.state() == "failure"
    async with still.machine.store.read() as session:
        assert not (await witnesses.seen(session, still.repo.id, [comment]))[comment].witnessed
    true = Signer(SignerKind.OWNER, honest["repository"]["owner"]["id"])
    assert await deliver(still, honest, true) == 202
    await still.settled()
    async with still.machine.store.read() as session:
        assert (await witnesses.seen(session, still.repo.id, [comment]))[comment].witnessed


async def test_repositories_that_are_not_there_are_not_served_however_many(still: World) -> None:
    owner = (await still.api[AGENT].getitem("/user"))["id"]
    his = Signer(SignerKind.OWNER, owner)
    await Case.opened(still)
    before, still.sandbox.calls[:] = await rows(still), []
    for number in range(3 * MOST_STRANGERS):
        repository = {"id": 5000 + number, "full_name": f"{AGENT}/r{number}", "owner": {"id": owner, "login": AGENT}}
        body = {"action": "opened", "issue": {"number": 1}, "repository": repository, "sender": {"id": owner}}
        assert await deliver(still, body, his, "issues") == 202
    await still.settled()
    assert await rows(still) == before
    assert not await unrouted(still.machine.store)


async def test_targets_that_are_not_there_are_bounded_for_each_repository(
    still: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "MAX_UNSEEN", 20)
    known, case = await nursery(still), await Case.opened(still)
    mine = await still.api[AGENT].getitem(f"/repos/{NURSERY}")
    still.sandbox.hooks_paused = True
    for number in range(1, 51):
        body = {"action": "opened", "issue": {"number": number}, "repository": mine, "sender": {"id": 1}}
        assert await deliver(still, body, known, "issues") == 202
    await still.service.worker.route()
    async with still.machine.store.read() as session:
        count = select(func.count()).select_from(TargetRow).where(TargetRow.repository_id == known.id)
        waiting = await session.scalar(
            count.where(TargetRow.observed_at.is_(None), TargetRow.desired_generation > TargetRow.observed_generation)
        )
    assert waiting is not None
    assert waiting <= 20
    assert await case.state() == "failure"  # the other repository is looked at all the same


async def test_a_webhook_that_was_copied_with_a_template_is_refused(still: World) -> None:
    await still.sandbox.add_repo("workshop/copy", files={"a": "b\n"})
    api = still.api[OPERATOR]
    body = {"action": "opened", "issue": {"number": 1}, "repository": await api.getitem("/repos/workshop/copy")}
    assert await deliver(still, body, garden(still), "issues") == 401
