"""Requests and answers without a network."""

import json
import re
import secrets
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forgejo import errors
from bot.forgejo.sansio import (
    Call,
    Response,
    build_request,
    parse_json,
    path,
    read_response,
    retry_after,
    server_url,
    told_time,
)

GET = Call("GET", "/repos/o/n")
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def allowed(part: str) -> bool:
    return not {".", ".."} & set(part.split("/"))


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def failure(response: Response, *tokens: str) -> errors.ForgejoError:
    with pytest.raises(errors.ForgejoError) as caught:
        read_response(response, GET, tokens)
    return caught.value


@given(st.lists(UNICODE.filter(allowed), min_size=1, max_size=6))
def test_each_segment_of_a_path_comes_out_as_it_went_in(segments: list[str]) -> None:
    made = path(*segments)
    assert [unquote(part) for part in made.split("/")[1:]] == segments
    assert re.fullmatch(r"(/[A-Za-z0-9_.~%-]+)+", made)
    assert build_request("https://x", "", Call("GET", made)).url == f"https://x/api/v1{made}"


@given(st.lists(UNICODE.filter(lambda part: allowed(part) and "/" not in part), min_size=1, max_size=6))
def test_the_slashes_of_an_open_end_stay(parts: list[str]) -> None:
    assert path("branches", rest="/".join(parts)) == path("branches", *parts)


@given(st.text(max_size=5))
def test_any_text_is_quoted_or_refused(text: str) -> None:
    try:
        made = path("repos", text)
    except ValueError:
        assert not text or not allowed(text) or re.search(r"[\ud800-\udfff]", text)
    else:
        assert made.count("/") == 2


@pytest.mark.parametrize(
    ("segments", "made"),
    [
        (("repos", "o", "n", "issues", 12), "/repos/o/n/issues/12"),
        (("repos", "o/../p", "n"), None),
        (("repos", "..", "n"), None),
        (("repos", ".", "n"), None),
        (("repos", "", "n"), None),
        (("labels", "judge/pass"), "/labels/judge%2Fpass"),
        (("a?b#c", "%2e%2e"), "/a%3Fb%23c/%252e%252e"),
        (("ü n", "\n\0"), "/%C3%BC%20n/%0A%00"),
        (("a", "\ud800"), None),
    ],
)
def test_segments_are_quoted_as_a_whole(segments: tuple[str | int, ...], made: str | None) -> None:
    if made is None:
        with pytest.raises(ValueError, match="path"):
            path(*segments)
    else:
        assert path(*segments) == made


def test_an_open_end_keeps_its_slashes_and_nothing_else() -> None:
    assert path("branches", rest="codex/ü?x") == "/branches/codex/%C3%BC%3Fx"
    for rest in ("a/../b", "a//b", "/a", "a/"):
        with pytest.raises(ValueError, match="valid part of an API path"):
            path("branches", rest=rest)


@pytest.mark.parametrize(
    "where", ["", "repos", "//evil.example", "/repos/../x", "/a/%2e%2e/b", "/a?b", "/a#b", "/a b", "/ä", "http://x/"]
)
def test_a_path_that_was_not_quoted_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="build it with path"):
        build_request("https://x", "", Call("GET", where))


def test_a_request_has_token_json_and_query() -> None:
    token = secrets.token_hex(20)
    call = Call("POST", "/x", {"all": True, "page": 2, "q": "ä&b"}, {"body": "ä\ud800"})
    request = build_request("https://x/git", token, call)
    assert request.url == "https://x/git/api/v1/x?all=true&page=2&q=%C3%A4%26b"
    assert request.headers["Authorization"] == f"token {token}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.body == rb'{"body":"\u00e4\ud800"}'
    assert token not in repr(request)


def test_without_a_token_nothing_is_claimed_and_without_data_nothing_is_sent() -> None:
    request = build_request("https://x", "", Call("DELETE", "/x"))
    assert "Authorization" not in request.headers
    assert "Content-Type" not in request.headers
    assert request.body is None


@pytest.mark.parametrize("bad", ["{}\r\nX-Evil: 1", " {}", "{}\n", "{}ä"])
def test_a_token_that_would_break_the_header_is_refused_unseen(bad: str) -> None:
    token = secrets.token_hex(20)
    with pytest.raises(ValueError, match="the token") as caught:
        build_request("https://x", bad.format(token), GET)
    assert token not in str(caught.value)


@pytest.mark.parametrize(
    ("given_url", "root"),
    [
        ("https://git.example.org/", "https://git.example.org"),
        ("http://127.0.0.1:3000/sub/path/", "http://127.0.0.1:3000/sub/path"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("git.example.org", None),
        ("ftp://git.example.org", None),
        ("https://", None),
        ("https://x/?a=1", None),
        ("https://x/#a", None),
        ("https://user:word@x/", None),
    ],
)
def test_the_servers_address_is_a_plain_root(given_url: str, root: str | None) -> None:
    if root is None:
        with pytest.raises(ValueError, match="the address of Forgejo") as caught:
            server_url(given_url)
        assert "word@" not in str(caught.value)
    else:
        assert server_url(given_url) == root


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Validation),
        (401, errors.Unauthorised),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.ForgejoError),
        (409, errors.Conflict),
        (412, errors.Conflict),
        (413, errors.Validation),
        (418, errors.ForgejoError),
        (422, errors.Validation),
        (423, errors.Locked),
        (429, errors.RateLimited),
        (500, errors.ServerFault),
        (503, errors.ServerFault),
        (599, errors.ServerFault),
        (301, errors.Redirected),
        (100, errors.ForgejoError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[errors.ForgejoError]) -> None:
    assert type(failure(answer(status))) is kind


def test_a_refused_merge_is_a_conflict() -> None:
    body = json.dumps({"message": "not allowed to merge [reason: x]"}).encode()
    error = failure(answer(405, body))
    assert type(error) is errors.Conflict
    assert "GET /repos/o/n: 405 conflict" in str(error)
    assert str(error).endswith("not allowed to merge [reason: x]")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[", b'{"a":', b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_what_is_not_json_where_json_was_due_is_the_servers_fault(body: bytes) -> None:
    error = failure(answer(200, body, content_type="text/html; charset=utf-8"))
    assert type(error) is errors.ServerFault
    assert error.repeatable


def test_a_page_of_a_proxy_does_not_make_a_thing_gone() -> None:
    assert type(failure(answer(404, b"<html>no such host</html>", content_type="text/html"))) is errors.ServerFault


@pytest.mark.parametrize("status", [201, 204])
def test_no_content_is_none(status: int) -> None:
    assert read_response(answer(status), Call("POST", "/x")) is None


def test_raw_bytes_stay_as_they_are() -> None:
    assert read_response(answer(200, b"\xff<html>"), Call("GET", "/x", raw=True)) == b"\xff<html>"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"3", b'{"message": 3}', b'{"message": null}', b"[" * 100_000, b"\xff"])
def test_a_refusal_in_another_shape_keeps_its_meaning(body: bytes) -> None:
    error = failure(answer(403, body))
    assert type(error) is errors.Forbidden
    assert error.message == ""


def test_a_servers_words_are_one_clean_line_of_at_most_300_characters() -> None:
    said = "a\x1b[31m\r\nb\u202e\u2028c" + "x" * 5000
    error = failure(answer(422, json.dumps({"message": said}).encode()))
    assert error.message.startswith("a [31m b cxx")
    assert len(error.message) == 300


@pytest.mark.parametrize("form", ["{}", "token {}!", "x" * 290 + "{}", "{}" * 20])
def test_a_token_that_the_server_echoes_is_not_told(form: str) -> None:
    token = secrets.token_hex(20)
    for echoed in (token, token.upper(), "\x00".join(token), token[:20] + "\u200b" + token[20:]):
        body = json.dumps({"message": form.format(*[echoed] * form.count("{}")), "errors": [echoed]}).encode()
        told = failure(answer(500, body), token)
        seen = re.sub(r"\s", "", f"{told}{told!r}{told.args}").lower()
        assert token[:12] not in seen
        plain = failure(answer(502, echoed.encode(), content_type="text/plain"), token)
        assert token[:12] not in re.sub(r"\s", "", str(plain)).lower()
        for place in (f"https://evil.example/{token}?{token}", f"https://{token}/api/v1/repos/o/n"):
            with pytest.raises(errors.Redirected) as moved:
                read_response(answer(301, location=place), GET, (token,), "http://x")
            assert token[:12] not in f"{moved.value}{moved.value.args}{vars(moved.value)}"


def test_a_content_type_with_the_token_is_not_told() -> None:
    token = secrets.token_hex(20)
    assert token not in str(failure(answer(200, b"<", content_type=token), token))


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        ({"date": "Tue, 01 Dec 2026 11:00:07 GMT"}, "2026-12-01T11:00:07+00:00"),
        ({"date": "Tue, 01 Dec 2026 11:00:07 GMT", "age": "60"}, "2026-12-01T11:01:07+00:00"),
        ({"date": "Tue, 01 Dec 2026 11:00:07 GMT", "age": "old"}, "2026-12-01T11:00:07+00:00"),
        ({"date": "Fri, 31 Dec 9999 23:59:59 GMT", "age": "60"}, None),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_an_answer_tells_the_servers_time(headers: dict[str, str], at: str | None) -> None:
    assert told_time(headers) == (datetime.fromisoformat(at) if at else None)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 120 "}, 120),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:30 GMT", "date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "9" * 40}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    assert failure(Response(429, headers, b"")).retry_after == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"\ud83d\ude00"', "😀"),
        (rb'{"a": "x\ud800y"}', {"a": "x\ufffdy"}),
        (rb'"\\ud800"', "\\ud800"),
        (rb'["\udc00\ud800", 1, null]', ["\ufffd\ufffd", 1, None]),
    ],
)
def test_half_a_surrogate_pair_becomes_the_replacement_character(text: bytes, value: Any) -> None:
    assert parse_json(text) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(UNICODE, x)
    )
)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("root", "location", "server", "repository"),
    [
        ("http://x:3000", "https://x/api/v1/repos/o/n", "https://x", ""),
        ("http://x", "https://x/api/v1/repos/o/n?page=1", "https://x", ""),
        ("http://x/git", "https://x/git/api/v1/repos/o/n", "https://x/git", ""),
        ("http://x/git", "https://x/", "https://x/git", ""),
        ("http://x", "https://x:8443/login", "https://x:8443", ""),
        ("https://x", "https://y.example/forge/api/v1/repos/o/n", "https://y.example/forge", ""),
        ("http://x", "https://[::1]:3000/api/v1/repos/o/n", "https://[::1]:3000", ""),
        ("https://x", "https://y.example/login", "", ""),
        ("https://x", "/api/v1/repos/o/new", "", "o/new"),
        ("https://x", "https://x/api/v1/repos/p/new", "", "p/new"),
        ("https://x/git", "/git/api/v1/repos/p/new", "", "p/new"),
        ("https://x", "/api/v1/repos/o/new/issues", "", ""),
        ("https://x", "/api/v1/repos/o/n", "", ""),
        ("https://x", "/api/v1/repos/o/..%2Fn", "", ""),
        ("https://x", "/api/v1/repos/o/n m", "", ""),
        ("https://x", "/login", "", ""),
        ("https://x", "", "", ""),
        ("https://x", "https://[", "", ""),
        ("https://x", "https://x:99999999/api/v1/repos/o/n", "", ""),
        ("http://x", "ftp://x/api/v1/repos/o/n", "", ""),
    ],
)
@pytest.mark.parametrize("verb", ["GET 301", "POST 302", "PATCH 307", "DELETE 308"])
def test_a_redirect_tells_what_has_moved(verb: str, root: str, location: str, server: str, repository: str) -> None:
    method, status = verb.split()
    with pytest.raises(errors.Redirected) as caught:
        read_response(answer(int(status), location=location), Call(method, "/repos/o/n"), (), root)
    error = caught.value
    assert (error.method, error.server, error.repository) == (method, server, repository)
    if server:
        assert str(error).endswith(f"; set ASSAY_FORGEJO_URL to {server}")
    if repository:
        assert str(error).endswith(f"the repository's name is now {repository}")


def test_a_move_to_https_is_told_as_one() -> None:
    moved = answer(308, location="https://x/api/v1/repos/o/n")
    with pytest.raises(
        errors.Redirected, match="the server moved from http to https; set ASSAY_FORGEJO_URL to https://x"
    ):
        read_response(moved, GET, (), "http://x:3000")


def test_the_rest_of_a_path_is_part_of_the_same_place() -> None:
    call = Call("POST", "/repos/o/n/issues/3/comments")
    with pytest.raises(errors.Redirected) as caught:
        read_response(answer(307, location="/api/v1/repos/p/m/issues/3/comments"), call, (), "https://x")
    assert caught.value.repository == "p/m"


@given(st.text(max_size=60))
def test_no_location_breaks_the_reading(location: str) -> None:
    for text in (location, f"https://{location}", f"/api/v1/repos/{location}"):
        with pytest.raises(errors.Redirected):
            read_response(answer(302, location=text), GET, (), "http://x")
