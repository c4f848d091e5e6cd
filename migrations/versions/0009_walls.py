"""walls: codes that somebody waits for"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_wall_id"), ["wall_id"], unique=False)

    with op.batch_alter_table("wall", schema=None) as batch_op:
        batch_op.add_column(sa.Column("codes_wanted_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("wall", schema=None) as batch_op:
        batch_op.drop_column("codes_wanted_at")

    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_wall_id"))
