"""A delivery bears witness of a comment by the account's id, whatever the account is called by then."""

from datetime import UTC, datetime

import pytest

from bot.forgejo.types import Comment, User
from bot.model import Envelope, Identity, witness_of
from bot.store import Store, witnesses
from bot.thread import comment_texts

AT = datetime(2026, 3, 1, tzinfo=UTC)
KEY = b"key of a test"
IDENTITY = Identity("assay-bot", 1, (), KEY)
TEXT = "/unhold"


@pytest.mark.parametrize(
    ("author", "witnessed"),
    [
        ((5, "zoe"), True),
        ((5, "zoe-renamed"), True),
        ((9, "zoe"), False),  # another account had the login then
        ((0, "zoe"), True),  # a delivery of version 0.1
        ((0, "mallory"), False),
    ],
)
async def test_only_its_own_account_is_a_witness(store: Store, author: tuple[int, str], *, witnessed: bool) -> None:
    told = Envelope(
        id="one",
        event="issue_comment",
        action="created",
        repository_id=2,
        comment_id=7,
        comment_author_id=author[0],
        comment_author=author[1],
        comment_hmac=witness_of(TEXT, KEY),
        witness=True,
        received_at=AT,
        size=1,
        body_hash="",
    )
    async with store.session() as session:
        await witnesses.bear(session, [told])
    comment = Comment(id=7, body=TEXT, user=User(id=5, login="zoe"), created_at=AT, updated_at=AT)
    (found,) = await comment_texts(store, IDENTITY, 2, [(comment, TEXT)], AT)
    assert (found.witnessed, found.edited, found.author, found.author_id) == (witnessed, not witnessed, "zoe", 5)
