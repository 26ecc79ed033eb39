"""Comments of other accounts for snapshots: masked, with whether they were edited and whether they are witnessed."""

import hmac
from collections.abc import Iterable

from bot.forgejo.types import Comment
from bot.model import CommentText, Identity, digest, witness_of
from bot.store import Store, targets


async def comment_texts(
    store: Store, identity: Identity, repository_id: int, found: Iterable[tuple[Comment, str]]
) -> tuple[CommentText, ...]:
    """Return comments with their masked texts, in their order."""
    pairs = list(found)
    async with store.read() as session:
        seen = await targets.witnesses(session, repository_id, [comment.id for comment, _ in pairs])
    texts = []
    for comment, text in pairs:
        author = comment.user.login if comment.user else ""
        mac = witness_of(comment.body, identity.witness_key)
        came = seen.get(comment.id, set())
        known = any(one.of(comment.user.id, author) and hmac.compare_digest(mac, one.mac) for one in came)
        texts.append(
            CommentText(
                id=comment.id,
                author=author,
                author_id=comment.user.id,
                body=text,
                body_hash=digest(comment.body),
                created_at=comment.created_at,
                # An edit within the second of writing does not change the update time, but changes the text's HMAC.
                edited=comment.updated_at != comment.created_at or (bool(came) and all(mac != one.mac for one in came)),
                witnessed=known,
            )
        )
    return tuple(texts)
