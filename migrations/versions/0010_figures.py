"""Indexes for long lists, search keys, figures of each week and their screen, what was said in a handover."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Indexes = tuple[tuple[str, str, list[str], str | None], ...]
INDEXES: Indexes = (
    # table, name, columns, condition
    ("worker", "ix_worker_heard_at", ["heard_at"], None),
    ("worker", "ix_worker_organisation_id_id", ["organisation_id", "id"], None),
    ("worker", "ix_worker_followed_at_id", ["followed_at", "id"], None),
    ("worker", "ix_worker_left", ["id"], "unfollowed_at IS NOT NULL"),
    ("audit", "ix_audit_staff_id_id", ["staff_id", "id"], None),
    ("audit", "ix_audit_act_id", ["act", "id"], None),
    ("audit", "ix_audit_subject_id", ["subject", "id"], None),
    ("notice_attempt", "ix_notice_attempt_at", ["at"], None),
    ("handover", "ix_handover_open", ["at", "id"], "closed_at IS NULL"),
    ("profile", "ix_profile_queue", ["state", "submitted_at", "id"], None),
    ("profile", "ix_profile_submitted_at", ["submitted_at"], None),
    ("profile", "ix_profile_state_worker_id", ["state", "worker_id"], None),
    ("booking", "ix_booking_made_at", ["made_at"], None),
    ("booking", "ix_booking_starts_at", ["starts_at"], None),
    ("exam_sign_up", "ix_exam_sign_up_signed_at", ["signed_at"], None),
    ("check_in", "ix_check_in_at", ["at"], None),
)
REPLACED: Indexes = (
    ("worker", "ix_worker_organisation_id", ["organisation_id"], None),
    ("audit", "ix_audit_staff_id", ["staff_id"], None),
    ("audit", "ix_audit_subject", ["subject"], None),
    ("booking", "ix_booking_due", ["starts_at"], "state = 'booked'"),
)


def upgrade() -> None:
    op.add_column("worker", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))
    _exchange(REPLACED, INDEXES)

    op.create_table(
        "profile_key",
        sa.Column(
            "key",
            sa.String(length=20).with_variant(sa.String(length=20, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("profile_id", BIG, nullable=False),
        sa.Column("worker_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_profile_key_worker_id_worker")),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_profile_key_profile_id_profile"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "profile_id", name=op.f("pk_profile_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_profile_key_profile_id"), "profile_key", ["profile_id"], unique=False)
    op.create_index(op.f("ix_profile_key_worker_id"), "profile_key", ["worker_id"], unique=False)

    for table in ("tally", "figure"):
        op.create_table(
            table,
            sa.Column("week", sa.Date(), nullable=False),
            sa.Column("kind", sa.String(length=12), nullable=False),
            sa.Column("organisation_id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("count", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                ["organisation_id"],
                ["organisation.id"],
                name=op.f(f"fk_{table}_organisation_id_organisation"),
            ),
            sa.PrimaryKeyConstraint("week", "kind", "organisation_id", name=op.f(f"pk_{table}")),
        )
        op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"], unique=False)
    op.create_table(
        "counted_week",
        sa.Column("week", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_counted_week")),
    )

    op.create_table(
        "figure_screen",
        sa.Column("organisation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("hung_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_figure_screen_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_figure_screen_staff_id_staff")),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_figure_screen")),
        sa.UniqueConstraint("token", name=op.f("uq_figure_screen_token")),
    )

    op.create_table(
        "said",
        sa.Column("id", BIG, nullable=False),
        sa.Column("handover_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_theirs", sa.Boolean(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handover.id"], name=op.f("fk_said_handover_id_handover"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_said")),
    )
    op.create_index(op.f("ix_said_handover_id"), "said", ["handover_id"], unique=False)
    op.create_index(op.f("ix_said_at"), "said", ["at"], unique=False)


def downgrade() -> None:
    for table in ("said", "figure_screen", "counted_week", "figure", "tally", "profile_key"):
        op.drop_table(table)
    _exchange(INDEXES, REPLACED)
    op.drop_column("worker", "heard_at")


def _exchange(old: Indexes, new: Indexes) -> None:
    for table, name, _, _ in old:
        op.drop_index(name, table_name=table)
    for table, name, columns, when in new:
        where = sa.text(when) if when else None
        op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)
