"""The pull requests and issues that a description refers to, and their states.

States are requested from Forgejo and cached: for minutes while they may change, longer once merged.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.concurrent import run_all
from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.errors import NotFound
from bot.forgejo.types import Issue, PullRequest
from bot.model import Reference, Repo
from bot.text.markdown import spans

MOST = 30
"""Maximum of references read per description."""

REMEMBERED = 4096
FRESH, MERGED = 600.0, 86_400.0
"""Seconds for which an answer is cached; a merged state is final."""

_NUMBER = r"([1-9]\d{0,6})(?!\w|\.\d)"
_BARE = re.compile(rf"(?:(?<![\w&#!.-])|(?<![\w&#!.-])(?:PR|MR|[Ii]ssue))[#!]{_NUMBER}")
_FULL = re.compile(rf"(?<![\w./-])([\w.-]{{1,100}}/[\w.-]{{1,100}})[#!]{_NUMBER}")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+")


@dataclass(frozen=True)
class Place:
    """The place of a description: the repository, and its URL on the server without a trailing slash."""

    repository: str
    web: str


def numbers(body: str, place: Place) -> tuple[int, ...]:
    """Return the numbers of this repository in a description outside of code, each once."""
    found = (number for span in spans(body) if span.form == "plain" for number in _numbers(span.text, place))
    return tuple(dict.fromkeys(found))


def _numbers(text: str, place: Place) -> Iterator[int]:
    ours = re.compile(rf"{re.escape(place.web)}/(?:issues|pulls)/{_NUMBER}", re.IGNORECASE)
    rest = _ADDRESS.sub(" ", text)
    for address in _ADDRESS.finditer(text):
        if match := ours.match(address[0]):
            yield int(match[1])
    yield from (int(match[1]) for match in _BARE.finditer(rest))
    yield from (int(match[2]) for match in _FULL.finditer(rest) if _same(match[1], place.repository))


def _same(name: str, repository: str) -> bool:
    return name.casefold() == repository.casefold()


class References:
    """Requests the states of references from Forgejo, and caches the answers."""

    def __init__(self, client: ForgejoAPI, known: FactCache[tuple[Repo, int], Reference] | None = None) -> None:
        self._client = client
        self._known = known or FactCache(REMEMBERED)

    async def read(self, repo: Repo, wanted: Sequence[int]) -> tuple[Reference, ...]:
        """Return the states of the first references, by number. Raises ForgejoError."""
        found = await run_all(*(self._one(repo, number) for number in wanted[:MOST]))
        return tuple(sorted(found, key=lambda reference: reference.number))

    def note(self, repo: Repo, reference: Reference) -> None:
        """Store a state that another request returned, so that a merge or close is known at once."""
        self._known.keep((repo, reference.number), reference, MERGED if reference.state == "merged" else FRESH)

    def forget(self, repo: Repo, number: int) -> None:
        """Forget a state that another process saw change."""
        self._known.forget((repo, number))

    async def _one(self, repo: Repo, number: int) -> Reference:
        known = self._known.get((repo, number))
        if known is not None:
            return known
        try:
            found = reference_of(await endpoints.ISSUE.get(self._client, repo.name, number))
        except NotFound:
            found = Reference(number=number, kind="", state="missing")
        return self._known.keep((repo, number), found, MERGED if found.state == "merged" else FRESH)


def reference_of(issue: Issue | PullRequest) -> Reference:
    """Return the state of an issue or pull request."""
    if isinstance(issue, PullRequest):
        return Reference(number=issue.number, kind="pull", state="merged" if issue.merged else issue.state)
    pull = issue.pull_request
    state = "merged" if pull and pull.merged else issue.state
    return Reference(number=issue.number, kind="pull" if pull else "issue", state=state)
