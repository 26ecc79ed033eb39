"""What can go wrong between the bot and Forgejo, as one small tree named by meaning.

An error carries method, path, status and the server's message; never a query value, a header or a token. Texts of the
server are hostile: they are cleaned, the token is taken out of them, and then they are cut, in this order, since a
token that is split by control characters or by the cut would slip through otherwise. What a server says of a token that
it doesn't accept (401) is never taken: Forgejo repeats the token in it, in forms that no search could foresee.
"""

import re
from collections.abc import Iterable
from typing import ClassVar

MESSAGE_LIMIT = 300
# Control and format characters, line separators, surrogates: nothing that moves a cursor or breaks a log line.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


class ForgejoError(Exception):
    """A call that did not give what it was made for. `repeatable` says whether the same call may succeed later."""

    meaning: ClassVar[str] = "not what was asked for"
    repeatable: ClassVar[bool] = False

    def __init__(
        self, method: str, path: str, status: int, message: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(method, path, status, message)
        self.method = method
        self.path = path
        self.status = status
        self.message = message
        self.retry_after = retry_after
        """Seconds that the server asked to wait, if it did."""

    def __str__(self) -> str:
        answer = f"{self.status} " if self.status else ""
        return f"{self.method} {self.path}: {answer}{self.meaning}" + (f": {self.message}" if self.message else "")


class NotFound(ForgejoError):
    """It isn't there, or the account may not see it: Forgejo gives one answer for both (404)."""

    meaning = "not there, or hidden from the bot's account"


class Forbidden(ForgejoError):
    """The account or the token's scope doesn't allow it (403)."""

    meaning = "not allowed; give the account the right, or the token the scope"


class Unauthorised(ForgejoError):
    """The token is missing, wrong, expired or revoked (401)."""

    meaning = "the token isn't accepted; give the bot a new one"


class Validation(ForgejoError):
    """Forgejo refuses what was sent (400, 413, 422)."""

    meaning = "the server refuses what was sent"


class Conflict(ForgejoError):
    """The state of things stands against it: exists already, merge not allowed (409, 412, 405 with a message)."""

    meaning = "in conflict with what is there; look again before the next try"


class Locked(ForgejoError):
    """The conversation is locked or the repository archived (423)."""

    meaning = "locked or archived"


class Redirected(ForgejoError):
    """The server points elsewhere. The client never follows: httpx would turn a POST into a GET.

    `location` is the path that it points to, without host and query. `repository` is the repository's full name now,
    where it was renamed or transferred; `server` is the server's root address now, where the server itself moved.
    """

    meaning = "the server points to another place"

    def __init__(  # noqa: PLR0913 - what is known of an answer, and of where it points
        self, method: str, path: str, status: int, location: str, *, repository: str = "", server: str = ""
    ) -> None:
        super().__init__(method, path, status, location)
        self.location = location
        self.repository = repository
        self.server = server

    def __str__(self) -> str:
        where = f"{self.method} {self.path}: {self.status}"
        if self.server:
            how = "from http to https" if self.server.startswith("https:") else f"to {self.server}"
            return f"{where} the server moved {how}; set ASSAY_FORGEJO_URL to {self.server}"
        if self.repository:
            return f"{where} the repository's name is {self.repository} now"
        return f"{where} {self.meaning}" + (f": {self.location}" if self.location else "")


class RateLimited(ForgejoError):
    """Too many requests (429)."""

    meaning = "too many requests; wait before the next"
    repeatable = True


class ServerFault(ForgejoError):
    """Forgejo, or a proxy before it, failed: 5xx, or an answer that isn't what the API gives (a page of HTML)."""

    meaning = "the server failed; see its log"
    repeatable = True


class Oversized(ServerFault):
    """The answer is larger than the client's limit; asking again would not make it smaller."""

    meaning = "the answer is over the limit"
    repeatable = False


class Malformed(ServerFault):
    """The answer is JSON of another shape than the API's; asking again would not change it."""

    meaning = "the answer doesn't have the shape of Forgejo's API; check server and version"
    repeatable = False


class Unreachable(ForgejoError):
    """Nothing answered in time. `sent` is False only when the request certainly did not arrive."""

    meaning = "Forgejo isn't reachable; check its address and the network"
    repeatable = True

    def __init__(self, method: str, path: str, message: str, *, sent: bool) -> None:
        super().__init__(method, path, 0, message)
        self.sent = sent


BY_STATUS: dict[int, type[ForgejoError]] = {
    400: Validation,
    401: Unauthorised,
    403: Forbidden,
    404: NotFound,
    408: ServerFault,
    409: Conflict,
    410: NotFound,
    412: Conflict,
    413: Validation,
    422: Validation,
    423: Locked,
    429: RateLimited,
}


def clean(text: str, tokens: Iterable[str] = (), limit: int = MESSAGE_LIMIT) -> str:
    """Gives a server's text on one line, without control characters and tokens, at most `limit` characters."""
    text = _UNPRINTABLE.sub(" ", text[: limit * 20]).strip()
    # A token cut into pieces by such characters would be whole again for a reader who skips over them.
    for token in filter(None, tokens):
        gaps = r"\s*".join(map(re.escape, token))
        text = re.sub(gaps, "***", text, flags=re.IGNORECASE)
    return text if len(text) <= limit else text[: limit - 1] + "…"
