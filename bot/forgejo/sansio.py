"""Requests to Forgejo's API and the reading of its answers, without any I/O.

The server's address is only ever the one of the settings: redirects are errors, and of a `Link` to the next page only
the query is taken, so no answer can lead the token to another host.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit

from pydantic import ValidationError

from bot.forgejo.errors import (
    BY_STATUS,
    Conflict,
    ForgejoError,
    Malformed,
    Redirected,
    ServerFault,
    Unauthorised,
    clean,
)
from bot.forgejo.types.server import Error

API = "/api/v1"
USER_AGENT = "assaymaster"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PATH = re.compile(r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@%]+)+")
_TOKEN = re.compile(r"[!-~]*")
_OF_REPOSITORY = re.compile(r"/repos/([A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100})((?:/.*)?)")
_PARAM = str | int | bool


@dataclass(frozen=True)
class Call:
    """What is asked of the API. `path` stands below `/api/v1`, without query; `raw` asks for bytes instead of JSON."""

    method: str
    path: str
    params: Mapping[str, _PARAM] | None = None
    data: Any = None
    raw: bool = False


@dataclass(frozen=True)
class Request:
    """What goes to the transport. `headers` hold the token: a request is never logged."""

    call: Call
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def __repr__(self) -> str:
        return f"Request({self.call.method} {self.call.path})"


@dataclass(frozen=True)
class Response:
    """What came back from the transport; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def path(*segments: str | int, rest: str = "") -> str:
    """Gives a path of the API from its parts, each percent-encoded as a whole (a slash in a part becomes `%2F`).

    `rest` is a branch or file at the end whose slashes stay, as the API's open-ended routes want them. Raises
    ValueError for an empty part, for `.` and `..`, and for text that is no Unicode.
    """
    parts = [str(segment) for segment in segments] + (rest.split("/") if rest else [])
    return "".join("/" + _quoted(part) for part in parts)


def _quoted(part: str) -> str:
    if not part or _climbs(part):
        raise ValueError(f"{part!r} is not a valid part of an API path")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError:
        raise ValueError("a part of an API path contains a lone surrogate; use valid Unicode text") from None


def _climbs(text: str) -> bool:
    # Also behind an encoded slash: a proxy may decode it.
    return bool({".", ".."} & set(text.split("/")))


def server_url(url: str) -> str:
    """Gives the root address of a server without a slash at its end.

    Raises ValueError where it isn't http(s), or holds a user, query or fragment: a token belongs into the settings.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the address of Forgejo must look like https://git.example.org or https://example.org/git")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("the address of Forgejo must not contain a user, password, query or fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def build_request(root: str, token: str, call: Call) -> Request:
    """Gives the request of a call to the server at `root`; an empty token asks anonymously.

    Raises ValueError for a path that isn't one and for a token that can't stand in a header (the text doesn't show it).
    """
    if not _PATH.fullmatch(call.path) or _climbs(unquote(call.path)):
        raise ValueError("invalid API path: it must start with a slash and be percent-encoded; build it with path()")
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token contains a space or a non-printable or non-ASCII character; set it again")
    headers = {"Accept": "*/*" if call.raw else "application/json", "User-Agent": USER_AGENT}
    if token:
        headers["Authorization"] = f"token {token}"
    body = None
    if call.data is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(call.data, separators=(",", ":")).encode("ascii")
    query = "?" + urlencode({name: _param(value) for name, value in call.params.items()}) if call.params else ""
    return Request(call, f"{root}{API}{call.path}{query}", headers, body)


def _param(value: _PARAM) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_response(response: Response, call: Call, tokens: Iterable[str] = (), root: str = "") -> Any:
    """Gives the decoded JSON of an answer, its bytes for a raw call, None where the server has nothing to say.

    `root` is the address that was asked. Raises the ForgejoError that fits the status, and ServerFault where JSON was
    due and something else came.
    """
    if 300 <= response.status < 400:  # noqa: PLR2004 - RFC 9110: 3xx is redirection
        raise _redirected(response, call, tokens, root)
    if not 200 <= response.status < 300:  # noqa: PLR2004 - RFC 9110: 2xx is success
        _fail(response, call, tokens)
    if call.raw:
        return response.body
    if not response.body:
        if call.method == "GET" and response.status == 200:  # noqa: PLR2004 - 204 says that there is nothing
            raise ServerFault(call.method, call.path, 200, "expected JSON, got an empty answer")
        return None
    try:
        return parse_json(response.body)
    except ValueError:
        kind = response.headers.get("content-type", "no content type")
        message = clean(f"expected JSON, got {kind}", tokens)
        raise ServerFault(call.method, call.path, response.status, message) from None


def parse_json(body: bytes) -> Any:
    """Gives the value of a JSON text; half surrogate pairs in it become U+FFFD.

    Raises ValueError for what isn't JSON, isn't UTF-8, or is nested too deep to be read.
    """
    try:
        value = json.loads(body)
        if _SURROGATE.search(body):
            text = json.dumps(value, ensure_ascii=False)
            value = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    return value


def _fail(response: Response, call: Call, tokens: Iterable[str]) -> NoReturn:
    where = (call.method, call.path, response.status)
    if response.status == 401:  # noqa: PLR2004 - RFC 9110, section 15.5.2
        # Forgejo repeats the rejected token in the body, complete and in parts.
        raise Unauthorised(*where)
    message, ours = _message(response)
    kind = BY_STATUS.get(response.status, ServerFault if response.status >= 500 else ForgejoError)  # noqa: PLR2004 - RFC 9110
    if response.status == 405 and ours:  # noqa: PLR2004 - a merge that is refused; without a body it is the wrong method
        kind = Conflict
    if response.status == 404 and not ours and "html" in response.headers.get("content-type", ""):  # noqa: PLR2004
        # The API says 404 in JSON or plain text; a page comes from a proxy, and must not make the bot forget a target.
        kind = ServerFault
    raise kind(*where, clean(message, tokens), retry_after(response.headers))


def _redirected(response: Response, call: Call, tokens: Iterable[str], root: str) -> Redirected:
    """Return the error of a redirect: to the server's new URL, to a repository's new name, or to another path."""
    try:
        target = urlsplit(response.headers.get("location", "")[:2048])
        server = _moved(target, call, urlsplit(root))
    except ValueError:
        target, server = urlsplit(""), ""
    return Redirected(
        call.method,
        call.path,
        response.status,
        clean(target.path, tokens),
        repository="" if server else clean(_renamed(target.path, call), tokens),
        server=clean(server, tokens),
    )


def _moved(target: SplitResult, call: Call, root: SplitResult) -> str:
    """Return the server's new root URL; empty if the redirect stays on the server or is not about its API."""
    old, new = _origin(root), _origin(target)
    if not root.hostname or not target.hostname or new == old or target.scheme not in {"http", "https"}:
        return ""
    asked = f"{API}{call.path}"
    if not target.path.endswith(asked):
        same_host = target.hostname == root.hostname and (root.scheme, target.scheme) == ("http", "https")
        return f"{new}{root.path}" if same_host else ""
    return f"{new}{target.path.removesuffix(asked)}"


def _origin(address: SplitResult) -> str:
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return f"{address.scheme}://{host}" + (f":{address.port}" if address.port else "")


def _renamed(place: str, call: Call) -> str:
    """Return the new name of a call's repository; empty if the rest of the path differs."""
    mine = _OF_REPOSITORY.fullmatch(call.path)
    theirs = _OF_REPOSITORY.fullmatch(place.partition(API)[2])
    if mine is None or theirs is None or mine[2] != theirs[2] or mine[1] == theirs[1]:
        return ""
    return theirs[1]


def _message(response: Response) -> tuple[str, bool]:
    """Gives the server's words, and whether they are Forgejo's JSON error."""
    try:
        error = Error.model_validate(parse_json(response.body))
    except (ValidationError, ValueError):
        if "text/plain" in response.headers.get("content-type", ""):
            return response.body[:4096].decode("utf-8", "replace"), False
        return "", False
    details = "; ".join(error.errors)
    return f"{error.message} ({details})" if details else error.message, True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Gives the seconds of `Retry-After` (RFC 9110, section 10.2.3), None where there are none or they make no sense.

    A date is read against the server's own `Date`, so the two clocks need not agree.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        later, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (later - now).total_seconds())
    except (ValueError, TypeError):
        return None


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """Gives the server's time in whole seconds, by the headers of an answer; None where they don't tell it.

    `Date` (RFC 9110, section 6.6.1) is when the answer was made, and `Age` (RFC 9111, section 5.1) how long a cache has
    kept it.
    """
    age = headers.get("age", "").strip()
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
        told += timedelta(seconds=int(age) if re.fullmatch(r"[0-9]{1,9}", age) else 0)
        return told.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def checked_list(value: Any, call: Call) -> list[Any]:
    """Gives a page of a list; Forgejo says `null` for an empty one. Raises Malformed for anything else."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(call.method, call.path, 200, "expected a list")
    return value
