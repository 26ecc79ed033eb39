"""Tables of what is kept: decisions, judgments, soaks, the ledger, snapshots, trusted policies and accounts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.table import Table, UtcDateTime


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
