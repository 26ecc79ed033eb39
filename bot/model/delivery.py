"""What is kept of a delivery: who did what to which target, and never the texts it carried."""

import hmac
from datetime import datetime

from pydantic import BaseModel, ConfigDict

NOBODY = ""
"""The login, repository or commit of an envelope whose payload names none."""


class Envelope(BaseModel):
    """One delivery as it is kept. `after` is the new commit of a push and the head of a pull request.

    `base_ref` and `merge_base` are a pull request's at that moment. `review` is `approved` or `changes`: the sender's
    decision. Forgejo sends no id of the review.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    event: str
    action: str = NOBODY
    repository: str = NOBODY
    repository_id: int = 0
    number: int | None = None
    is_pull: bool | None = None
    sender: str = NOBODY
    sender_id: int = 0
    ref: str = NOBODY
    before: str = NOBODY
    after: str = NOBODY
    base_ref: str = NOBODY
    merge_base: str = NOBODY
    review: str = NOBODY
    comment_id: int | None = None
    comment_author: str = NOBODY
    comment_author_id: int = 0
    comment_hmac: str = NOBODY
    received_at: datetime
    size: int
    body_hash: str


def witness_of(text: str, key: bytes) -> str:
    """HMAC-SHA256 of a comment's exact text under the installation's key, in hex: proof that it once stood so.

    Lone surrogates, which JSON can write and no server stores, count as U+FFFD.
    """
    return hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()
