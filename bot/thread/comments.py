"""Comments of other accounts for snapshots: masked, with whether they were edited and whether they are witnessed.

The text that was first seen of a comment is kept: whatever its times say, another text is an edited one.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime

from bot.forgejo.types import Comment
from bot.model import CommentText, Identity, digest, witness_of
from bot.store import Store, deliveries, witnesses
from bot.store.witnesses import Seen, Sight


async def comment_texts(
    store: Store, identity: Identity, repository_id: int, found: Iterable[tuple[Comment, str]], at: datetime
) -> tuple[CommentText, ...]:
    """Return comments with their masked texts, in their order; keep the texts of those that were never seen before."""
    pairs = list(found)
    sights = {
        comment.id: Sight(
            comment.id, comment.user.id, comment.user.login, witness_of(comment.body, identity.witness_key)
        )
        for comment, _ in pairs
    }
    async with store.read() as session:
        seen = await witnesses.seen(session, repository_id, list(sights))
    fresh = [sight for number, sight in sights.items() if number not in seen]
    if fresh:
        await deliveries.take_in(store)
        async with store.session() as session:
            await witnesses.sight(session, repository_id, fresh, at)
            # A delivery may have come in between.
            seen |= await witnesses.seen(session, repository_id, [sight.comment_id for sight in fresh])
    return tuple(_text(comment, text, sights[comment.id], seen[comment.id]) for comment, text in pairs)


def _text(comment: Comment, text: str, sight: Sight, first: Seen) -> CommentText:
    same = hmac.compare_digest(sight.hmac, first.hmac) and first.is_by(sight.author_id, sight.author)
    return CommentText(
        id=comment.id,
        author=comment.user.login,
        author_id=comment.user.id,
        body=text,
        body_hash=digest(comment.body),
        created_at=comment.created_at,
        # An edit within the second of writing does not change the update time, and an admin can set it back.
        edited=comment.updated_at != comment.created_at or first.changed or not same,
        witnessed=first.witnessed and not first.changed and same,
    )
