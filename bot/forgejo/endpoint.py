"""One path of the API: builds its address and parses its answers.

All calls go through endpoints, so the table of endpoints is what the bot asks a server. A test compares it with the
OpenAPI descriptions of the servers.
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

from bot.forgejo.abc import ForgejoAPI, Params
from bot.forgejo.errors import Malformed
from bot.forgejo.sansio import path

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
PART = str | int
PAGING = frozenset({"limit", "page"})
_REPOSITORY = "/repos/{owner}/{repo}"


class Kind(Protocol[T_co]):
    """Parses an answer: a type of `bot.forgejo.types`, or one of several."""

    def of(self, value: Any) -> T_co:
        """Return the typed form. Raises Malformed."""


class Unread:
    """An answer whose content is not used."""

    @staticmethod
    def of(value: Any) -> None:
        """Return nothing."""


class Endpoint(Generic[T]):
    """A path of the API as in its OpenAPI description, such as `/repos/{owner}/{repo}/issues/{index}`.

    The methods take the client and then the parts of the path in order; owner and repository are one part, the full
    name. With `open_ended`, slashes in the last part are kept (a branch, a file). `query` are the allowed parameters
    besides those of paging; others raise ValueError, because servers ignore unknown parameters. All methods raise
    ForgejoError.
    """

    def __init__(
        self, template: str, answer: Kind[T], *, query: Collection[str] = (), open_ended: bool = False
    ) -> None:
        self.template = template
        self.answer = answer
        self.query = frozenset(query)
        self._open_ended = open_ended

    def path(self, *parts: PART) -> str:
        """Return the path. Raises ValueError for an invalid part."""
        given: list[PART] = [*parts]
        if self.template.startswith(_REPOSITORY):
            owner, _, name = str(parts[0]).partition("/")
            given[:1] = owner, name
        holes = re.findall(r"\{\w+\}", self.template)
        if len(holes) != len(given):
            raise ValueError(f"{self.template} takes {len(holes)} parts, not {len(given)}")
        made = self.template
        for place, (hole, part) in enumerate(zip(holes, given, strict=True), 1):
            last = self._open_ended and place == len(holes)
            made = made.replace(f"/{hole}", path(rest=str(part)) if last else path(part), 1)
        return made

    async def get(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> T:
        """Return one object."""
        return self.answer.of(await client.getitem(self.path(*parts), self._known(params)))

    async def raw(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> bytes:
        """Return the bytes of a file."""
        return await client.getraw(self.path(*parts), self._known(params))

    async def whole(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> list[T]:
        """Return a list in one answer: a list without paging, or one page."""
        return self._list("GET", parts, await client.getitem(self.path(*parts), self._known(params)))

    async def each(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> AsyncIterator[T]:
        """Yield the items of a list, page by page."""
        async for value in client.getiter(self.path(*parts), self._known(params)):
            yield self.answer.of(value)

    async def post(self, client: ForgejoAPI, *parts: PART, data: Any = None, repeat: bool = False) -> T:
        """Create an object and return the answer. With `repeat`, the request may be sent twice."""
        return self.answer.of(await client.post(self.path(*parts), data, repeat=repeat))

    async def add(self, client: ForgejoAPI, *parts: PART, data: Any = None, repeat: bool = False) -> list[T]:
        """Add to a list and return the complete list."""
        return self._list("POST", parts, await client.post(self.path(*parts), data, repeat=repeat))

    async def patch(self, client: ForgejoAPI, *parts: PART, data: Any) -> T:
        """Change an object and return the answer."""
        return self.answer.of(await client.patch(self.path(*parts), data))

    async def delete(self, client: ForgejoAPI, *parts: PART) -> None:
        """Delete an object. Raises NotFound if it does not exist."""
        await client.delete(self.path(*parts))

    def _list(self, method: str, parts: tuple[PART, ...], value: Any) -> list[T]:
        """Return the typed list; Forgejo sends `null` for an empty one."""
        if not isinstance(value, list | None):
            raise Malformed(method, self.path(*parts), 200, "expected a list")
        return [self.answer.of(one) for one in value or ()]

    def _known(self, params: Params | None) -> Mapping[str, Any] | None:
        if params and (unknown := params.keys() - self.query - PAGING):
            raise ValueError(f"{self.template}: unknown parameter {', '.join(sorted(unknown))}")
        return params
