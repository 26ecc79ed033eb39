"""Every recorded answer of a real server is read as its endpoint says, every recorded refusal into its error."""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from bot.forgejo import errors
from bot.forgejo.sansio import read_response
from bot.forgejo.types import Reply
from tests.forgejo.contract.calls import ENDPOINTS, LISTS, uses
from tests.forgejo.exchanges import SERVERS, Exchange, exchange, recordings

STATUS_ERRORS = {
    301: errors.Redirected,
    302: errors.Redirected,
    303: errors.Redirected,
    304: errors.Redirected,
    400: errors.Validation,
    401: errors.Unauthorised,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Conflict,
    409: errors.Conflict,
    412: errors.Conflict,
    422: errors.Validation,
    423: errors.Locked,
    500: errors.ServerFault,
}
ALL = [(server, name) for server in SERVERS for name in recordings(server)]
REFUSED = [(server, name) for server, name in ALL if exchange(name, server).response.status >= 300]
UNAUTHORISED = [(server, name) for server, name in REFUSED if exchange(name, server).response.status == 401]
ANSWERED = [pair for pair in ALL if pair not in REFUSED]


# What has the fewest holes fits best: `/issues/comments` is no issue.
CALLS = sorted(
    (
        (use, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(use.template))))
        for use in uses()
        if use.method not in {"raw", "delete"}
    ),
    key=lambda call: call[0].template.count("{"),
)


def read(seen: Exchange) -> list[Reply]:
    """What the bot reads of an answer; nothing where it doesn't make the call, or doesn't read the answer."""
    if seen.call.raw:
        return []
    for use, pattern in CALLS:
        if use.verb == seen.call.method and pattern.fullmatch(seen.call.path):
            items = (seen.json or []) if use.method in LISTS else [seen.json]
            return [found for item in items if (found := ENDPOINTS[use.endpoint].answer.of(item)) is not None]
    return []


def test_the_recordings_are_there() -> None:
    assert len(ALL) > 400
    assert len(REFUSED) > 130
    told = [(server, name) for server, name in ANSWERED if read(exchange(name, server))]
    assert {server: len([one for one in told if one[0] == server]) > 20 for server in SERVERS} == dict.fromkeys(
        SERVERS, True
    )


@pytest.mark.parametrize(("server", "name"), ANSWERED)
def test_an_answer_is_read_as_its_endpoint_says(server: str, name: str) -> None:
    seen = exchange(name, server)
    value = read_response(seen.response, seen.call)
    if seen.call.raw:
        assert value == seen.response.body
        return
    assert value == seen.json
    items = value if isinstance(value, list) else [value]
    for item, found in zip(items, read(seen), strict=False):
        assert [*differences(found, item)] == []


def differences(found: Any, told: Any) -> Iterator[str]:
    """Where a type has read something else than the JSON says; what is named alike has the same value."""
    if isinstance(found, Reply):
        for name in found.model_fields_set:
            key = type(found).model_fields[name].alias or name
            yield from differences(getattr(found, name), told[key])
    elif isinstance(found, tuple):
        yield from (one for pair in zip(found, told, strict=True) for one in differences(*pair))
    elif isinstance(found, datetime):
        if found != datetime.fromisoformat(told):
            yield f"{found} for {told}"
    elif found != told and not (found is None and told[:4] in {"0001", "1970"}):
        yield f"{found} for {told}"


@pytest.mark.parametrize(("server", "name"), REFUSED)
def test_a_refusal_is_told_with_what_the_server_said(server: str, name: str) -> None:
    seen = exchange(name, server)
    token = secrets.token_hex(20)
    with pytest.raises(errors.ForgejoError) as caught:
        read_response(seen.response, seen.call, (token,))
    error = caught.value
    bare = seen.response.status == 405 and not seen.json
    assert type(error) is (
        errors.ForgejoError if bare else STATUS_ERRORS.get(seen.response.status, errors.ForgejoError)
    )
    assert (error.method, error.path, error.status) == (seen.call.method, seen.call.path, seen.response.status)
    words = (seen.json or {}).get("message", "") or ""
    if seen.response.status != 401:
        assert error.message.startswith(words[:290])
    assert token not in f"{error}{error!r}"
    assert str(seen.response.status) in str(error)


def test_details_of_a_refusal_are_part_of_its_message() -> None:
    seen = exchange("branch-missing")
    with pytest.raises(errors.NotFound, match=r"couldn't be found\. \(branch does not exist \[name: none\]\)"):
        read_response(seen.response, seen.call)


def test_the_plain_text_of_a_missing_path_is_told() -> None:
    seen = exchange("path-missing")
    with pytest.raises(errors.NotFound, match="404 page not found"):
        read_response(seen.response, seen.call)


@pytest.mark.parametrize(("server", "name"), UNAUTHORISED)
def test_nothing_that_a_server_says_of_a_refused_token_is_told(server: str, name: str) -> None:
    seen = exchange(name, server)
    with pytest.raises(errors.Unauthorised) as caught:
        read_response(seen.response, seen.call)
    error = caught.value
    told = f"{error}{error!r}{error.args}{vars(error)}"
    assert error.message == ""
    assert not [line for line in seen.json["message"].splitlines() if line in told]


@pytest.mark.parametrize(
    ("server", "name", "kind"),
    [
        ("forgejo-12", "merge-wrong-head-commit", errors.Conflict),
        ("forgejo-16", "merge-wrong-head-commit", errors.Conflict),
        ("forgejo-12", "status-create-unknown-sha", errors.ServerFault),
        ("forgejo-16", "status-create-unknown-sha", errors.NotFound),
        ("gitea", "status-create-unknown-sha", errors.ServerFault),
        ("forgejo-16", "archived-comment", errors.Locked),
        ("forgejo-16", "contents-write-bad-sha", errors.Conflict),
        ("forgejo-12", "contents-write-bad-sha", errors.Validation),
    ],
)
def test_servers_refuse_the_same_thing_in_ways_of_their_own(
    server: str, name: str, kind: type[errors.ForgejoError]
) -> None:
    seen = exchange(name, server)
    with pytest.raises(errors.ForgejoError) as caught:
        read_response(seen.response, seen.call)
    assert type(caught.value) is kind


def test_a_redirect_tells_where_and_is_not_followed() -> None:
    seen = exchange("org-member-check")
    with pytest.raises(errors.Redirected) as caught:
        read_response(seen.response, seen.call)
    assert caught.value.location == "/api/v1/orgs/workshop/public_members/iskra"


@pytest.mark.parametrize("name", ["repo-renamed-get", "repo-renamed-post", "repo-renamed-get-anonymous"])
def test_a_renamed_repository_tells_its_new_name(name: str) -> None:
    seen = exchange(name, "forgejo-16")
    with pytest.raises(errors.Redirected, match="the repository's name is now f16-yard/new-name") as caught:
        read_response(seen.response, seen.call, root="http://127.0.0.1:3300")
    assert caught.value.repository == "f16-yard/new-name"
