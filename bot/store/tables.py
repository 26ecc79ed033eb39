"""The tables of the database.

Texts of users are stored masked only: in snapshots, judgments, and the reasons given in commands. Times are UTC without
a zone in SQLite and with one in PostgreSQL; `UtcDateTime` hides the difference.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Index, Integer, LargeBinary, MetaData, String, Text, false, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC, always aware in Python. Naive values are rejected because they are ambiguous."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the time in UTC; raise ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("cannot store a time without a zone; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the time with its zone."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Table(DeclarativeBase):
    """The declarative root; its naming convention lets Alembic name every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _index(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


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
        _index("ix_deliveries_unrouted", "received_at", where="routed_at IS NULL"),
        _index("ix_deliveries_review", "repository_id", "number", where="review <> ''"),
        _index("ix_deliveries_push", "repository_id", "ref", where="event = 'push'"),
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


class Repository(Table):
    """A repository that the bot serves, by the server's id; its name is what it was called last.

    `full_name` is empty where another repository has taken the name and the new one isn't known yet. An `id` below 0
    stands for a repository of an older database until the server has told its id. `unseen_since` is when it could not
    be read any more (401, 403, 404: no proof of absence), and `ask_again_at` when it is asked for next. `hears_runs`:
    a delivery has told of the end of a run, so that polling for statuses is only a fallback. `own_secret_since`: since
    then its webhook has a secret of its own, and a shared one is not accepted.
    """

    __tablename__ = "repositories"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    full_name: Mapped[str] = mapped_column(String(255), index=True)
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resynced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    default_branch: Mapped[str] = mapped_column(String(255), default="")
    unseen_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unseen_why: Mapped[str] = mapped_column(String(255), default="")
    ask_again_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hears_runs: Mapped[bool] = mapped_column(default=False)
    own_secret_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TargetRow(Table):
    """One pull request or issue. Dirty while `desired_generation > observed_generation`."""

    __tablename__ = "targets"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    desired_generation: Mapped[int] = mapped_column(BigInteger, default=0)
    observed_generation: Mapped[int] = mapped_column(BigInteger, default=0)
    priority: Mapped[int] = mapped_column(Integer, default=0)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(8), default="open")
    quiet: Mapped[bool] = mapped_column(default=False)
    head_sha: Mapped[str] = mapped_column(String(64), default="")
    base_ref: Mapped[str] = mapped_column(String(512), default="")
    snapshot_hash: Mapped[str] = mapped_column(String(80), default="")
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_targets_dirty", "desired_generation", "observed_generation"),
        Index("ix_targets_head", "repository_id", "head_sha"),
    )


class Head(Table):
    """A head commit of a pull request seen by the bot; a force-push may have dropped it since."""

    __tablename__ = "heads"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Verdict(Table):
    """One check's verdict on a commit for one target; a commit's status is the worst of its open pull requests."""

    __tablename__ = "verdicts"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    commit: Mapped[str] = mapped_column(String(64), primary_key=True)
    check: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    description: Mapped[str] = mapped_column(String(140), default="")
    target_url: Mapped[str] = mapped_column(Text, default="")
    judged_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Holding(Table):
    """The bot's last write to one object (a comment, a label, a status): the base of every three-way merge.

    `intended` are the hashes of started writes that were not confirmed since, oldest first, separated by spaces;
    `value` is the hash of the last confirmed one. A crash or a lost answer keeps them, so the bot recognises each of
    its own writes on the server.
    """

    __tablename__ = "holdings"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    object: Mapped[str] = mapped_column(String(255), primary_key=True)
    remote_id: Mapped[int | None] = mapped_column(BigInteger)
    value: Mapped[str] = mapped_column(String(80), default="")
    intended: Mapped[str] = mapped_column(Text, default="")
    evidence: Mapped[str] = mapped_column(String(80), default="")
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DecisionRow(Table):
    """The decision on one command line of a comment; it is never decided again."""

    __tablename__ = "decisions"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    comment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    command: Mapped[str] = mapped_column(String(64))
    argument: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(255))
    by_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    refused: Mapped[str] = mapped_column(Text, default="")
    role: Mapped[str] = mapped_column(String(16), default="")
    decided: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JudgmentRow(Table):
    """A check's judgment of a target, in the check's own format."""

    __tablename__ = "judgments"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    check: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    basis: Mapped[str] = mapped_column(String(80))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class SoakRow(Table):
    """The last observation of one soak: masked JSON, compressed; pull requests are checked against it.

    `branch` is the default branch at that time, `basis` identifies the part of the policy it depends on, `hash` covers
    all of this and the content, and `seen_at` is when the hash last changed.
    """

    __tablename__ = "soaks"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    issue: Mapped[int] = mapped_column(BigInteger)
    branch: Mapped[str] = mapped_column(String(255))
    basis: Mapped[str] = mapped_column(String(80))
    hash: Mapped[str] = mapped_column(String(80))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerEntry(Table):
    """One entry of the append-only ledger; `hash` covers the entry and `previous`, which reveals later changes."""

    __tablename__ = "ledger"

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    repository: Mapped[str] = mapped_column(String(255))
    repository_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    number: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(255))
    object: Mapped[str] = mapped_column(String(255), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    snapshot_hash: Mapped[str] = mapped_column(String(80), default="")
    result: Mapped[str] = mapped_column(Text, default="")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_ledger_target", "repository_id", "number", "kind"),)


class SnapshotRow(Table):
    """A stored snapshot: masked JSON, compressed, so that an evaluation can be replayed offline."""

    __tablename__ = "snapshots"

    hash: Mapped[str] = mapped_column(String(80), primary_key=True)
    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class TrustedPolicy(Table):
    """A repository's last valid policy text, and the last one that an operator trusted."""

    __tablename__ = "policies"

    repository_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    good_text: Mapped[str] = mapped_column(Text, default="")
    trusted_text: Mapped[str] = mapped_column(Text, default="")
    trusted_by: Mapped[str] = mapped_column(String(255), default="")
    trusted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountRow(Table):
    """An account that a listed login means, or that was seen under one. `login` is in lower case.

    `state`: `bound` to the login; `missing`, with id 0, if nobody had the login when it was first looked up;
    `unconfirmed`, another account that has the login now; `former`, one that had it before. `called` is the account's
    last known login.
    """

    __tablename__ = "accounts"

    login: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(16))
    how: Mapped[str] = mapped_column(String(16))
    called: Mapped[str] = mapped_column(String(255))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bound_by: Mapped[str] = mapped_column(String(255), default="")
