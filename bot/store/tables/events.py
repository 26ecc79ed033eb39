"""Tables of what was told and seen: deliveries, comments, and the acts of people."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.table import Table, UtcDateTime, index


class Delivery(Table):
    """The envelope of one webhook POST; its texts are not stored."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64), default="")
    repository: Mapped[str] = mapped_column(String(255), default="")
    repository_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    number: Mapped[int | None] = mapped_column(BigInteger)
    is_pull: Mapped[bool | None]
    sender: Mapped[str] = mapped_column(String(255), default="")
    sender_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    ref: Mapped[str] = mapped_column(String(512), default="")
    before: Mapped[str] = mapped_column(String(64), default="")
    after: Mapped[str] = mapped_column(String(64), default="")
    base_ref: Mapped[str] = mapped_column(String(512), default="", server_default="")
    merge_base: Mapped[str] = mapped_column(String(64), default="", server_default="")
    review: Mapped[str] = mapped_column(String(16), default="", server_default="")
    comment_id: Mapped[int | None] = mapped_column(BigInteger)
    comment_author: Mapped[str] = mapped_column(String(255), default="")
    comment_author_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    comment_hmac: Mapped[str] = mapped_column(String(64), default="")
    signer: Mapped[str] = mapped_column(String(32), default="", server_default="")
    witness: Mapped[bool] = mapped_column(default=False, server_default=false())
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    body_hash: Mapped[str] = mapped_column(String(64))
    routed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        # All are partial: each index that contains a row slows its acknowledgement down.
        index("ix_deliveries_unrouted", "received_at", where="routed_at IS NULL"),
        index("ix_deliveries_review", "repository_id", "number", where="review <> ''"),
        index("ix_deliveries_push", "repository_id", "ref", where="event = 'push'"),
    )


class Witness(Table):
    """What was first seen of a comment; never pruned. `witnessed`: a signed delivery of the new comment had this text.

    `changed`: a later delivery told it as new with another text or author. `author_id` is 0 in those of old versions.
    """

    __tablename__ = "witnesses"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    comment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    author_id: Mapped[int] = mapped_column(BigInteger)
    author: Mapped[str] = mapped_column(String(255))
    hmac: Mapped[str] = mapped_column(String(64))
    witnessed: Mapped[bool]
    changed: Mapped[bool]
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ActRow(Table):
    """What a pull request was at somebody's act.

    `kind` is `review` or `comment`, `id` the server's number of it. `head` is empty where no delivery told it: then the
    act names no state, for good. Unlike deliveries it is kept for as long as the repository is served.
    """

    __tablename__ = "acts"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(String(64), default="")
    base_ref: Mapped[str] = mapped_column(String(512), default="")
    merge_base: Mapped[str] = mapped_column(String(64), default="")
    delivery: Mapped[str] = mapped_column(String(64), default="")
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_acts_target", "repository_id", "number"),)
