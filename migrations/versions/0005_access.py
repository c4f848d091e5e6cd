"""access"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLES = (("officer", "manager"), ("counsellor", "professional"), ("lawyer", "professional"))

staff = sa.table("staff", sa.column("role", sa.String))


def upgrade() -> None:
    for before, after in ROLES:
        op.execute(staff.update().where(staff.c.role == before).values(role=after))


def downgrade() -> None:
    op.execute(staff.update().where(staff.c.role == "professional").values(role="counsellor"))
    op.execute(staff.update().where(staff.c.role != "counsellor").values(role="officer"))
