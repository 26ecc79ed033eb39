"""What is kept of a delivery: who did what to which target, and never the texts it carried."""

import hmac
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

NOBODY = ""
"""The login, repository or commit of an envelope whose payload names none."""


class SignerKind(StrEnum):
    """Whose webhook secret signed a delivery: the repository's, its owner's, the server's, or the shared one."""

    REPOSITORY = "repository"
    OWNER = "owner"
    SERVER = "server"
    SHARED = "shared"


class Envelope(BaseModel):
    """One delivery as it is kept. `after` is the new commit of a push and the head of a pull request.

    `base_ref` and `merge_base` are a pull request's at that moment. `review` is `approved` or `changes`: the sender's
    decision. Forgejo sends no id of the review.

    `signer` says whose secret signed it: `repository`, `owner:ID`, `server` or `shared`; empty before there were
    several. `witness`: its body is that of a new comment, sent by the comment's author.
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
    signer: str = NOBODY
    witness: bool = False
    received_at: datetime
    size: int
    body_hash: str

    @property
    def owner_id(self) -> int:
        """The account whose secret signed it, 0 if it is another kind of secret. The server says what it owns."""
        kind, _, number = self.signer.partition(":")
        return int(number) if kind == SignerKind.OWNER else 0

    @property
    def bears_witness(self) -> bool:
        """Whether it proves the first text of a comment, as it arrives."""
        return self.witness and bool(self.signer) and not self.owner_id


def witness_of(text: str, key: bytes) -> str:
    """HMAC-SHA256 of a comment's exact text under the installation's key, in hex: proof that it once stood so.

    Lone surrogates, which JSON can write and no server stores, count as U+FFFD.
    """
    return hmac.digest(key, text.encode("utf-8", "replace"), "sha256").hex()
