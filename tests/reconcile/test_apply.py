"""What becomes of a status that the server refuses, by each server's way of refusing it."""

from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from bot.forgejo import errors
from bot.model import Kind, Target
from bot.reconcile import Applier
from tests.forgejo.exchanges import exchange
from tests.soaks.servers import client_of

TARGET = Target(repository="workshop/garden", number=4, kind=Kind.PULL)
SHA = "0" * 39 + "1"


@pytest.mark.parametrize(
    ("server", "name", "kind"),
    [
        ("forgejo-16", "status-create-unknown-sha", errors.Conflict),
        ("forgejo-12", "status-create-unknown-sha", errors.ServerFault),
        ("gitea", "status-create-unknown-sha", errors.ServerFault),
        ("forgejo-16", "repo-missing", errors.NotFound),
    ],
)
async def test_a_commit_that_the_server_has_not_got_is_no_target_that_is_gone(
    server: str, name: str, kind: type[errors.ForgejoError]
) -> None:
    seen = exchange(name, server).response

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(seen.status, content=seen.body, headers={"Content-Type": "application/json"})

    async with client_of(answer) as client:
        applier = Applier(client, cast("Any", None), cast("Any", None), lambda: datetime.now(UTC))
        with pytest.raises(errors.ForgejoError) as caught:
            await applier._post_status(TARGET, SHA, {"context": "assay", "state": "success"})
    assert type(caught.value) is kind
