"""Tables of repositories and targets: what is known, what is due, and what the bot wrote."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.table import Table, UtcDateTime, index


class Repository(Table):
    """A repository that the bot serves, by the server's id; its name is what it was called last.

    `full_name` is empty where another repository has taken the name and the new one isn't known yet. An `id` below 0
    stands for a repository of an older database until the server has told its id. `resynced_at` is the newest time of
    a change that its listings told; `visited_at` and `listed_at` are when its changes, and all its open targets, were
    last listed. `unseen_since` is when it could not be read any more (401, 403, 404: no proof of absence), and
    `ask_again_at` when it is asked for next. `hears_runs`: a delivery has told of the end of a run, so that polling for
    statuses is only a fallback. `own_secret_since`: since then its webhook has a secret of its own, and a shared one is
    not accepted.
    """

    __tablename__ = "repositories"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    full_name: Mapped[str] = mapped_column(String(255), index=True)
    set_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resynced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    default_branch: Mapped[str] = mapped_column(String(255), default="")
    unseen_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unseen_why: Mapped[str] = mapped_column(String(255), default="")
    ask_again_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hears_runs: Mapped[bool] = mapped_column(default=False)
    own_secret_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TargetRow(Table):
    """One pull request or issue. Dirty while `desired_generation > observed_generation`.

    `attempts` are the failed evaluations in a row; `failures` those of them that count towards parking, all of one
    `failure_kind`. A parked target is due at `not_before` like any other, or after its next event. `statuses` is a
    digest of the statuses that its head should have as far as the bot knows, and `statuses_at` when they were last
    looked at; `listed` is a digest of what the last listing of all open targets showed of it.
    """

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
    failure_kind: Mapped[str] = mapped_column(String(64), default="", server_default="")
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    parked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8), default="open")
    quiet: Mapped[bool] = mapped_column(default=False)
    head_sha: Mapped[str] = mapped_column(String(64), default="")
    base_ref: Mapped[str] = mapped_column(String(512), default="")
    snapshot_hash: Mapped[str] = mapped_column(String(80), default="")
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    observed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    statuses: Mapped[str] = mapped_column(String(64), default="", server_default="")
    statuses_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listed: Mapped[str] = mapped_column(String(64), default="", server_default="")

    __table_args__ = (
        index(
            "ix_targets_waiting",
            "priority",
            "repository_id",
            "number",
            where="desired_generation > observed_generation",
        ),
        index("ix_targets_watched", "statuses_at", where="state = 'open' AND kind = 'pull'"),
        index("ix_targets_open", "kind", "observed_at", where="state = 'open'"),
        Index("ix_targets_head", "repository_id", "head_sha"),
        index("ix_targets_worked", "observed_at", where="attempts = 0"),
        index("ix_targets_parked", "parked_at", where="parked_at IS NOT NULL"),
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
