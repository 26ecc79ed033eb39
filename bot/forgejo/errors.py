"""The errors of requests to Forgejo, as a small class tree named by meaning.

An error has method, path, status and the server's message; never a query value, a header or a token. Texts of the
server are hostile. They are cleaned, the token is removed, and then they are truncated, in this order: a token that is
split by control characters or by truncation would not be found otherwise. The message of a 401 is never used: Forgejo
repeats the rejected token in it, in forms that no search could foresee.
"""

import re
from collections.abc import Iterable
from typing import ClassVar

from bot.text import INVISIBLE

MESSAGE_LIMIT = 300
# Everything that is not shown, moves a cursor or breaks a log line.
_UNPRINTABLE = re.compile(f"(?:{INVISIBLE.pattern})+")


class ForgejoError(Exception):
    """A failed request. `repeatable` says whether the same request may succeed later."""

    meaning: ClassVar[str] = "the request failed"
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
        """Seconds to wait, if the server named a time."""

    def __str__(self) -> str:
        answer = f"{self.status} " if self.status else ""
        return f"{self.method} {self.path}: {answer}{self.meaning}" + (f": {self.message}" if self.message else "")


class NotFound(ForgejoError):
    """The object does not exist, or the account has no access: Forgejo answers both with 404."""

    meaning = "not found, or hidden from the bot's account"


class Forbidden(ForgejoError):
    """The account or the token's scope does not allow the request (403)."""

    meaning = "forbidden; give the account the permission, or the token the scope"


class Unauthorised(ForgejoError):
    """The token is missing, wrong, expired or revoked (401)."""

    meaning = "the token was rejected; give the bot a new one"


class Validation(ForgejoError):
    """Forgejo rejects the request's content (400, 413, 422)."""

    meaning = "the server rejected the request's content"


class Conflict(ForgejoError):
    """The request conflicts with the state: exists already, merge not allowed (409, 412, 405 with a message)."""

    meaning = "conflict with the current state on the server; read it again before a retry"


class Locked(ForgejoError):
    """The conversation is locked or the repository archived (423)."""

    meaning = "locked or archived"


class Redirected(ForgejoError):
    """A redirect. The client never follows it: httpx would turn a POST into a GET.


    `location` is its path, without host and query. `repository` is the repository's full name now, if it was renamed or
    transferred; `server` is the server's root URL now, if the server itself moved.
    """

    meaning = "the object was moved or renamed; use its current name"

    def __init__(  # noqa: PLR0913 - the answer and the target of the redirect
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
            return f"{where} the repository's name is now {self.repository}"
        return f"{where} {self.meaning}" + (f": {self.location}" if self.location else "")


class RateLimited(ForgejoError):
    """Too many requests (429)."""

    meaning = "too many requests; wait before the next one"
    repeatable = True


class ServerFault(ForgejoError):
    """Forgejo, or a proxy before it, failed: 5xx, or an answer that is not from the API (an HTML page)."""

    meaning = "server error; see the server's log"
    repeatable = True


class Oversized(ServerFault):
    """The answer is larger than the client's limit; a retry would not help."""

    meaning = "the answer exceeds the size limit"
    repeatable = False


class Malformed(ServerFault):
    """The answer is JSON of an unexpected shape; a retry would not help."""

    meaning = "unexpected answer; check that the server is a supported Forgejo version"
    repeatable = False


class Unreachable(ForgejoError):
    """No answer in time. `sent` is False only if the request certainly did not arrive."""

    meaning = "cannot reach Forgejo; check its address and the network"
    repeatable = True

    def __init__(self, method: str, path: str, message: str, *, sent: bool) -> None:
        super().__init__(method, path, 0, message)
        self.sent = sent


class Paused(ForgejoError):
    """The request was not sent: the server fails, or asked to wait. `retry_after` says for how many seconds."""

    meaning = "not sent, because Forgejo fails or asked to wait; it is tried again later"

    def __init__(self, method: str, path: str, retry_after: float) -> None:
        super().__init__(method, path, 0, retry_after=retry_after)


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
    """Return a server's text on one line, without control characters and tokens, at most `limit` characters."""
    text = _UNPRINTABLE.sub(" ", text[: limit * 20]).strip()
    # A reader could join the pieces of a token that such characters split.
    for token in filter(None, tokens):
        gaps = r"\s*".join(map(re.escape, token))
        text = re.sub(gaps, "***", text, flags=re.IGNORECASE)
    return text if len(text) <= limit else text[: limit - 1] + "…"
