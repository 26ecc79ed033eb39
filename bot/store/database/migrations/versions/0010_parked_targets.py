"""Targets whose evaluation keeps failing are parked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_targets_worked", "observed_at", "attempts = 0"),
    ("ix_targets_parked", "parked_at", "parked_at IS NOT NULL"),
)


def upgrade() -> None:
    op.add_column("targets", sa.Column("failure_kind", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("targets", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("targets", sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True))
    for name, column, condition in PARTIAL:
        where = sa.text(condition)
        op.create_index(name, "targets", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.execute("UPDATE targets SET not_before = NULL WHERE parked_at IS NOT NULL")
    for name, *_ in PARTIAL:
        op.drop_index(name, "targets")
    for name in ("parked_at", "failures", "failure_kind"):
        op.drop_column("targets", name)
