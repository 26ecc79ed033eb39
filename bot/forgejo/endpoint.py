"""What is at one path of the API: how its address is built, and as what its answers are read.

Calls are made through endpoints alone, so the table of them is what the bot asks a server; a test holds it against the
descriptions of the servers.
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
    """What reads an answer: a type of `bot.forgejo.types`, or a choice of several."""

    def of(self, value: Any) -> T_co:
        """Gives the typed form. Raises Malformed."""


class Unread:
    """An answer that nobody reads."""

    @staticmethod
    def of(value: Any) -> None:
        """Gives nothing."""


class Endpoint(Generic[T]):
    """A path of the API in the words of its description, such as `/repos/{owner}/{repo}/issues/{index}`.

    Its methods take the client and then the parts of the path in their order; owner and repository are one part, the
    full name. Slashes of the last part stay where it is `open_ended` (a branch, a file). `query` are the parameters
    that a question may carry beside those of paging; any other is a mistake of ours, since servers pass over what they
    don't know. All methods raise ForgejoError.
    """

    def __init__(
        self, template: str, answer: Kind[T], *, query: Collection[str] = (), open_ended: bool = False
    ) -> None:
        self.template = template
        self.answer = answer
        self.query = frozenset(query)
        self._open_ended = open_ended

    def path(self, *parts: PART) -> str:
        """Gives the path. Raises ValueError for a part that can't be one."""
        given: list[PART] = [*parts]
        if self.template.startswith(_REPOSITORY):
            owner, _, name = str(parts[0]).partition("/")
            given[:1] = owner, name
        holes = re.findall(r"\{\w+\}", self.template)
        if len(holes) != len(given):
            raise ValueError(f"{self.template} takes {len(holes)} parts, and {len(given)} were given")
        made = self.template
        for place, (hole, part) in enumerate(zip(holes, given, strict=True), 1):
            last = self._open_ended and place == len(holes)
            made = made.replace(f"/{hole}", path(rest=str(part)) if last else path(part), 1)
        return made

    async def get(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> T:
        """Gives one thing."""
        return self.answer.of(await client.getitem(self.path(*parts), self._known(params)))

    async def raw(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> bytes:
        """Gives the bytes of a file."""
        return await client.getraw(self.path(*parts), self._known(params))

    async def whole(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> list[T]:
        """Gives a list in one answer: one that isn't paged, or one page of it."""
        return self._list("GET", parts, await client.getitem(self.path(*parts), self._known(params)))

    async def each(self, client: ForgejoAPI, *parts: PART, params: Params | None = None) -> AsyncIterator[T]:
        """Gives the items of a list, page by page."""
        async for value in client.getiter(self.path(*parts), self._known(params)):
            yield self.answer.of(value)

    async def post(self, client: ForgejoAPI, *parts: PART, data: Any = None, repeat: bool = False) -> T:
        """Gives the answer to a creation. `repeat` says that doing it twice is harmless."""
        return self.answer.of(await client.post(self.path(*parts), data, repeat=repeat))

    async def add(self, client: ForgejoAPI, *parts: PART, data: Any = None, repeat: bool = False) -> list[T]:
        """Gives the whole list that a POST has added to."""
        return self._list("POST", parts, await client.post(self.path(*parts), data, repeat=repeat))

    async def patch(self, client: ForgejoAPI, *parts: PART, data: Any) -> T:
        """Gives the answer to a change."""
        return self.answer.of(await client.patch(self.path(*parts), data))

    async def delete(self, client: ForgejoAPI, *parts: PART) -> None:
        """Removes a thing. Raises NotFound where it is already gone."""
        await client.delete(self.path(*parts))

    def _list(self, method: str, parts: tuple[PART, ...], value: Any) -> list[T]:
        """Forgejo says `null` for an empty list."""
        if not isinstance(value, list | None):
            raise Malformed(method, self.path(*parts), 200, "a list was due")
        return [self.answer.of(one) for one in value or ()]

    def _known(self, params: Params | None) -> Mapping[str, Any] | None:
        if params and (unknown := params.keys() - self.query - PAGING):
            raise ValueError(f"{self.template} isn't asked with {', '.join(sorted(unknown))}")
        return params
