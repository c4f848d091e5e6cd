"""exams and the waiting list"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_trade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_trade")),
        sa.UniqueConstraint("name", name=op.f("uq_exam_trade_name")),
    )
    op.create_table(
        "exam_level",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trade_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_exam_level_level")),
        sa.ForeignKeyConstraint(
            ["trade_id"], ["exam_trade.id"], name=op.f("fk_exam_level_trade_id_exam_trade")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_level")),
        sa.UniqueConstraint("trade_id", "level", name=op.f("uq_exam_level_trade_id_level")),
    )
    op.create_table(
        "exam_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("level_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("eligibility", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "opens_at < closes_at AND closes_at <= starts_at", name=op.f("ck_exam_sitting_moments")
        ),
        sa.CheckConstraint("taken >= 0 AND taken <= quota", name=op.f("ck_exam_sitting_quota")),
        sa.ForeignKeyConstraint(
            ["level_id"], ["exam_level.id"], name=op.f("fk_exam_sitting_level_id_exam_level")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_exam_sitting_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_sitting")),
    )
    with op.batch_alter_table("exam_sitting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_sitting_closes_at"), ["closes_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_exam_sitting_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "waiting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("about_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_waiting_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting")),
    )
    with op.batch_alter_table("waiting", schema=None) as batch_op:
        batch_op.create_index(
            "ix_waiting_line",
            ["kind", "subject_id", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.create_index(
            "ix_waiting_offer",
            ["kind", "offer_until"],
            unique=False,
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        )
        batch_op.create_index(batch_op.f("ix_waiting_worker_id"), ["worker_id"], unique=False)
        batch_op.create_index(
            "uq_waiting_live",
            ["kind", "about_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        )

    op.create_table(
        "exam_sign_up",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("employer", sa.LargeBinary(), nullable=False),
        sa.Column("agreed", sa.LargeBinary(), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting_id"], ["exam_sitting.id"], name=op.f("fk_exam_sign_up_sitting_id_exam_sitting")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_exam_sign_up_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_sign_up")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_exam_sign_up_draft_id")),
        sa.UniqueConstraint("number", name=op.f("uq_exam_sign_up_number")),
    )
    with op.batch_alter_table("exam_sign_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exam_sign_up_worker_id"), ["worker_id"], unique=False)
        batch_op.create_index(
            "uq_exam_sign_up_person",
            ["sitting_id", "id_hash"],
            unique=True,
            sqlite_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
        )
        batch_op.create_index(
            "uq_exam_sign_up_worker",
            ["sitting_id", "worker_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("exam_sign_up", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_exam_sign_up_worker",
            sqlite_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
        )
        batch_op.drop_index(
            "uq_exam_sign_up_person",
            sqlite_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('placed', 'waiting', 'offered')"),
        )
        batch_op.drop_index(batch_op.f("ix_exam_sign_up_worker_id"))

    op.drop_table("exam_sign_up")
    with op.batch_alter_table("waiting", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_waiting_live",
            sqlite_where=sa.text("state IN ('waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        )
        batch_op.drop_index(batch_op.f("ix_waiting_worker_id"))
        batch_op.drop_index(
            "ix_waiting_offer",
            sqlite_where=sa.text("state = 'offered'"),
            postgresql_where=sa.text("state = 'offered'"),
        )
        batch_op.drop_index(
            "ix_waiting_line",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.drop_table("waiting")
    with op.batch_alter_table("exam_sitting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exam_sitting_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_exam_sitting_closes_at"))

    op.drop_table("exam_sitting")
    op.drop_table("exam_level")
    op.drop_table("exam_trade")
