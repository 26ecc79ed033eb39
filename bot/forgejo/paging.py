"""Where the next page of a list is.

Forgejo says it in three ways, by endpoint: a `Link` header, only an `X-Total-Count` (labels, comments of a repository),
or nothing at all; some lists aren't paged and answer every page with everything (comments of an issue, timeline). Some
are paged only when `page` is asked for, so it always is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PAGE_SIZE = 50
"""Forgejo's largest page (`max_response_items` of `/settings/api`); a server may be set to less."""

Params = dict[str, str | int | bool]
_NEXT = re.compile(r'<([^<>]*)>[^,<]*;\s*rel="?next"?(?:[;,\s]|$)')


@dataclass(frozen=True)
class Page:
    """A page that was read: what was asked for, what came, and how many items came before it."""

    params: Mapping[str, str | int | bool]
    headers: Mapping[str, str]
    items: list[Any]
    before: int


def first_page(params: Mapping[str, str | int | bool] | None) -> Params:
    """Gives the parameters of the first page; what the caller sets stays."""
    return {"limit": PAGE_SIZE, "page": 1, **(params or {})}


def next_page(page: Page, previous: list[Any] | None) -> Params | None:
    """Gives the parameters of the page after this one, None after the last. `previous` is the page before."""
    count = len(page.items)
    # The same page twice: the endpoint isn't paged, or the server turns in a circle.
    if not count or page.items == previous:
        return None
    if "link" in page.headers:
        return _linked(page)
    limit = min(int(page.params["limit"]), PAGE_SIZE)
    total = page.headers.get("x-total-count", "")
    more = page.before + count < int(total) if re.fullmatch(r"[0-9]{1,9}", total) else count == limit
    return {**page.params, "page": int(page.params["page"]) + 1} if more and count <= limit else None


def _linked(page: Page) -> Params | None:
    match = _NEXT.search(page.headers["link"][:8192])
    query = dict(parse_qsl(urlsplit(match[1]).query, max_num_fields=64)) if match else {}
    number = query.get("page", "")
    if not re.fullmatch(r"[0-9]{1,9}", number) or int(number) <= int(page.params["page"]):
        return None
    # Only the number is the server's to say: what is asked for stays ours.
    return {**page.params, "page": int(number)}
