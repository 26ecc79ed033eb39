"""The pages for people: readable without a login, and harmless whatever stands in them."""

import base64
import hashlib
import re
from typing import Any

from tests.sandbox.world import GARDEN, World

PAGE = "/workshop/garden/pulls/1"
REPORT = """<!-- assay:workshop/garden!1 -->
## Blocked

| check | verdict |
| --- | --- |
| secret-leak | **block** |

<details><summary>more</summary>

```
revoke it
```

</details>
<script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)">x</a>
"""


async def test_a_comment_is_rendered_and_what_could_harm_is_gone(world: World, pull: dict[str, Any]) -> None:
    await world.made("patchwarden-bot", "POST", f"{GARDEN}/issues/1/comments", json={"body": REPORT})
    text = (await world.client.get(PAGE)).text
    for kept in (
        "<h2>Blocked</h2>",
        "<td><strong>block</strong></td>",
        "<details><summary>more</summary>",
        "revoke it",
    ):
        assert kept in text
    for gone in ("<!-- assay", "<script", "onerror", "javascript:"):
        assert gone not in text


async def test_state_labels_statuses_and_people_stand_on_the_page(
    world: World, labels: None, pull: dict[str, Any]
) -> None:
    await world.made("codex", "POST", f"{GARDEN}/issues/1/labels", json={"labels": ["judge/p1"]})
    status = {"state": "failure", "context": "assay/secret-leak", "description": "1 secret"}
    await world.made("patchwarden-bot", "POST", f"{GARDEN}/statuses/{pull['head']['sha']}", json=status)
    text = (await world.client.get(PAGE)).text
    for shown in (">Open<", ">judge/p1<", ".label-2{background:#0075cb}", "assay/secret-leak", "failure: 1 secret"):
        assert shown in text
    assert "added <span" in text
    assert '<time datetime="2026-01-02T03:04:05Z">' in text


async def test_the_page_tells_what_happened_in_order(world: World, pull: dict[str, Any]) -> None:
    await world.made("codex", "PATCH", f"{GARDEN}/pulls/1", json={"title": "Better"})
    await world.made("iskra", "POST", f"{GARDEN}/pulls/1/reviews", json={"event": "APPROVED", "body": "fine <b>"})
    comment = await world.made("iskra", "POST", f"{GARDEN}/issues/1/comments", json={"body": "one"})
    path = f"{GARDEN}/issues/comments/{comment['id']}"
    world.clock.tick()
    await world.made("iskra", "PATCH", path, json={"body": "two"})
    await world.made("codex", "POST", f"{path}/reactions", json={"content": "rocket"})
    await world.made("operator", "POST", f"{GARDEN}/pulls/1/merge", json={"Do": "merge"})
    text = (await world.client.get(PAGE)).text
    steps = ["pushed 1 commit", "from “Add a file”", "reviewed: fine &lt;b&gt;", "edited", "🚀", "merged as <code>"]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert f'id="issuecomment-{comment["id"]}"' in text
    assert ">Merged<" in text


async def test_the_policy_allows_the_pages_own_style_and_nothing_else(world: World, labels: None) -> None:
    response = await world.client.get("/workshop/garden")
    policy = response.headers["Content-Security-Policy"]
    style = re.search("<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'self' 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert (await world.client.get("/-/sandbox.css")).headers["Content-Type"].startswith("text/css")


async def test_hostile_titles_are_text(world: World) -> None:
    body = {"title": '<script>x</script>" onload=', "body": "<!-- x --><b>bold</b>"}
    await world.made("codex", "POST", f"{GARDEN}/issues", json=body)
    for path in ("/workshop/garden", "/workshop/garden/issues/1"):
        text = (await world.client.get(path)).text
        assert "&lt;script&gt;x&lt;/script&gt;&quot; onload=" in text
        assert "<script" not in text


async def test_what_is_private_has_no_page(world: World) -> None:
    await world.sandbox.add_repo("workshop/vault", private=True)
    assert "vault" not in (await world.client.get("/")).text
    assert (await world.client.get("/workshop/vault")).status_code == 404


async def test_the_diff_is_plain_text(world: World, pull: dict[str, Any]) -> None:
    response = await world.client.get(f"{PAGE}.diff")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.startswith("diff --git a/new.txt b/new.txt\n")
