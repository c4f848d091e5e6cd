"""What is kept of a person: second phones, merges, erasures, export links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_worker_gone_at",
            ["gone_at"],
            unique=False,
            sqlite_where=sa.text("gone_at IS NOT NULL"),
            postgresql_where=sa.text("gone_at IS NOT NULL"),
        )
    with op.batch_alter_table("mark", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seen_as", sa.String(length=20), nullable=True))
    op.create_table(
        "other_phone",
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("worker_id", BIG, nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_other_phone_worker_id_worker")),
        sa.PrimaryKeyConstraint("openid", name=op.f("pk_other_phone")),
    )
    with op.batch_alter_table("other_phone", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_other_phone_worker_id"), ["worker_id"], unique=False)

    op.create_table(
        "worker_merge",
        sa.Column("gone_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kept_id", BIG, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["gone_id"], ["worker.id"], name=op.f("fk_worker_merge_gone_id_worker")),
        sa.ForeignKeyConstraint(["kept_id"], ["worker.id"], name=op.f("fk_worker_merge_kept_id_worker")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_worker_merge_staff_id_staff")),
        sa.PrimaryKeyConstraint("gone_id", name=op.f("pk_worker_merge")),
    )
    with op.batch_alter_table("worker_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_merge_kept_id"), ["kept_id"], unique=False)
        batch_op.create_index(
            "ix_worker_merge_open",
            ["at"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "erasure",
        sa.Column("worker_id", BIG, autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("openids", sa.LargeBinary(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_erasure_staff_id_staff")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_erasure_worker_id_worker")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(
            "ix_erasure_open",
            ["at"],
            unique=False,
            sqlite_where=sa.text("cleared_at IS NULL"),
            postgresql_where=sa.text("cleared_at IS NULL"),
        )

    op.create_table(
        "export_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("worker_id", BIG, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_export_link_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_export_link_token_hash")),
    )
    with op.batch_alter_table("export_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_link_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index("ix_export_link_worker_id_made_at", ["worker_id", "made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("export_link")
    op.drop_table("erasure")
    op.drop_table("worker_merge")
    op.drop_table("other_phone")
    with op.batch_alter_table("mark", schema=None) as batch_op:
        batch_op.drop_column("seen_as")
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.drop_index("ix_worker_gone_at")
        batch_op.drop_column("gone_at")
