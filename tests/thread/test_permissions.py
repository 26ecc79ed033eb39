"""Whose permissions are asked, and how often."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.forgejo.httpx import HttpxForgejo
from bot.model import CommentText, Decision, Repo, digest
from bot.thread.permissions import FRESH, MAX_ASKED, PermissionReader, commanders
from tests.snapshots import AGENT, NOW, OPERATOR, POLICY, inputs

GARDEN = Repo(id=1, name="workshop/garden")


def called(number: int) -> str:
    return {7: "ann", 8: "bob"}.get(number, "")


def said(number: int, author: str, body: str = "/hold", **change: Any) -> CommentText:
    values = {"created_at": NOW, "edited": False, "witnessed": True} | change
    return CommentText(id=number, author=author, author_id=number, body=body, body_hash=digest(body), **values)


def test_the_newest_commanders_are_asked_and_nobody_whom_the_policy_knows() -> None:
    comments = (said(1, "ann"), said(2, OPERATOR), said(3, AGENT), said(4, "bob", "/usr/lib is full"), said(5, "cid"))
    assert commanders(inputs(comments=comments), POLICY) == {"cid": 5, "ann": 1}


def test_decided_edited_and_past_comments_need_no_asking() -> None:
    done = Decision(comment_id=1, line=1, command="hold", by="ann", at=NOW)
    past = said(3, "cid", witnessed=False, created_at=NOW - timedelta(days=1))
    seen = inputs(comments=(said(1, "ann"), said(2, "bob", edited=True), past), decisions=(done,), served_since=NOW)
    assert commanders(seen, POLICY) == {}


def test_many_commanders_are_asked_a_few_at_a_time() -> None:
    crowd = tuple(said(number, f"user-{number}") for number in range(MAX_ASKED + 20))
    assert len(commanders(inputs(comments=crowd), POLICY)) == MAX_ASKED


@pytest.mark.parametrize(("minutes", "calls"), [(0, 1), (4, 1), (6, 2)])
async def test_an_answer_is_believed_for_a_while(minutes: int, calls: int) -> None:
    asked: list[str] = []
    now = [NOW]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=json.dumps({"permission": "write", "user": {"id": 7, "login": "ann"}}))

    async with HttpxForgejo("http://forge.invalid", "x", transport=httpx.MockTransport(answer)) as client:
        permissions = PermissionReader(client, lambda: now[0], called)
        assert await permissions.of(GARDEN, {"ann": 7}) == {"ann": "write"}
        now[0] += timedelta(minutes=minutes)
        assert await permissions.of(GARDEN, {"ann": 7}) == {"ann": "write"}
    assert len(asked) == calls
    assert timedelta(minutes=4) < FRESH < timedelta(minutes=6)


@pytest.mark.parametrize("answered", [{"id": 8, "login": "ann"}, {"login": "ann"}, None])
async def test_an_answer_about_another_account_gives_nobody_a_permission(answered: dict[str, Any] | None) -> None:
    told = {"permission": "admin", "user": answered}
    answer = httpx.MockTransport(lambda _request: httpx.Response(200, json=told))
    async with HttpxForgejo("http://forge.invalid", "x", transport=answer) as client:
        assert await PermissionReader(client, lambda: NOW, called).of(GARDEN, {"ann": 7}) == {"ann": "none"}


async def test_an_account_is_asked_for_by_the_login_that_it_has_now() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"permission": "write", "user": {"id": 7, "login": "anna"}})

    async with HttpxForgejo("http://forge.invalid", "x", transport=httpx.MockTransport(answer)) as client:
        permissions = PermissionReader(client, lambda: NOW, lambda number: "anna" if number == 7 else "")
        assert await permissions.of(GARDEN, {"ann": 7, "nobody-seen": 8, "nobody": 0}) == {
            "ann": "write",
            "nobody-seen": "none",
            "nobody": "none",
        }
    assert asked == ["/api/v1/repos/workshop/garden/collaborators/anna/permission"]


async def test_who_may_not_ask_gets_an_empty_answer() -> None:
    refuse = httpx.MockTransport(lambda _request: httpx.Response(403, json={"message": "no"}))
    async with HttpxForgejo("http://forge.invalid", "x", transport=refuse) as client:
        assert await PermissionReader(client, lambda: NOW, called).of(GARDEN, {"ann": 7, "bob": 8}) == {}
