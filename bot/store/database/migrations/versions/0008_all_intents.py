"""All started writes of an object that were not confirmed, not only the last one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("holdings") as batch:
        batch.alter_column("intended", existing_type=sa.String(80), type_=sa.Text(), existing_nullable=False)


def downgrade() -> None:
    op.execute("UPDATE holdings SET intended = substr(intended, length(intended) - 79) WHERE length(intended) > 80")
    with op.batch_alter_table("holdings") as batch:
        batch.alter_column("intended", existing_type=sa.Text(), type_=sa.String(80), existing_nullable=False)
