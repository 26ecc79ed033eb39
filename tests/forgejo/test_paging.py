"""Where the next page is, for each way in which Forgejo tells it."""

from typing import Any

import pytest

from bot.forgejo.paging import Page, first_page, next_page
from tests.forgejo.exchanges import exchange

FULL = list(range(50))


def after(items: list[Any], page: int = 1, before: int = 0, limit: int = 50, **headers: str) -> int | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    following = next_page(Page({"limit": limit, "page": page, "q": "x"}, named, items, before), None)
    if following is None:
        return None
    assert following == {"limit": limit, "page": following["page"], "q": "x"}
    return int(following["page"])


def link(query: str, rel: str = "next") -> str:
    return f'<http://elsewhere.example/api/v1/x?{query}>; rel="{rel}"'


def test_the_first_page_is_asked_for_by_number_and_full_size() -> None:
    assert first_page(None) == {"limit": 50, "page": 1}
    assert first_page({"state": "all", "limit": 5}) == {"state": "all", "limit": 5, "page": 1}
    assert first_page({"page": 3}) == {"limit": 50, "page": 3}


def test_a_recorded_link_leads_on_and_its_last_page_ends() -> None:
    first, second = exchange("pull-files-limit50-page1"), exchange("pull-files-limit50-page2")
    assert after(first.json, link=first.response.headers["link"]) == 2
    assert after(second.json, page=2, before=50, link=second.response.headers["link"]) is None


def test_recorded_labels_lead_on_by_their_total() -> None:
    seen = exchange("labels-list-limit2-page2")
    total = seen.response.headers["x-total-count"]
    assert after(seen.json, page=2, before=2, limit=2, x_total_count=total) == 3
    assert after(seen.json, page=4, before=6, limit=2, x_total_count=total) is None


@pytest.mark.parametrize("name", ["comments-list", "timeline", "timeline-labels-and-pushes", "labels-list"])
def test_a_recorded_list_that_came_whole_ends(name: str) -> None:
    seen = exchange(name)
    assert after(seen.json, x_total_count=seen.response.headers["x-total-count"]) is None


@pytest.mark.parametrize(
    ("items", "headers", "page"),
    [
        ([], {}, None),
        ([], {"link": link("page=2")}, None),
        ([1], {}, None),
        (FULL, {}, 2),
        (FULL, {"x_total_count": "50"}, None),
        (FULL, {"x_total_count": "51"}, 2),
        ([1, 2], {"x_total_count": "51"}, 2),
        (FULL, {"x_total_count": "many"}, 2),
        (list(range(60)), {"x_total_count": "99"}, None),
        ([1], {"link": link("page=2&limit=999&q=other")}, 2),
        ([1], {"link": link("page=1")}, None),
        ([1], {"link": link("page=-2")}, None),
        ([1], {"link": link("page=" + "9" * 40)}, None),
        ([1], {"link": link("page=2", "last")}, None),
        ([1], {"link": link("page=9", "last") + "," + link("page=2")}, 2),
        ([1], {"link": "<" * 100_000}, None),
        ([1], {"link": ""}, None),
    ],
)
def test_the_next_page_of_one_item_list(items: list[Any], headers: dict[str, Any], page: int | None) -> None:
    assert after(items, **headers) == page


def test_a_wish_for_more_than_the_server_gives_still_goes_on() -> None:
    assert after(FULL, limit=100) == 2


def test_the_same_page_twice_ends_the_list() -> None:
    page = Page({"limit": 50, "page": 2}, {"x-total-count": "999"}, FULL, 50)
    assert next_page(page, FULL) is None
    assert next_page(page, [0]) is not None
