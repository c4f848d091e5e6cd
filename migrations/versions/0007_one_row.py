"""A sign-up is its own place in line: `waiting` becomes three columns of it, and fewer indexes are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LIVE = "state IN ('placed', 'waiting', 'offered')"
_PARTIAL = (
    ("uq_exam_sign_up_person", ["sitting_id", "id_hash"], True, _LIVE),
    ("uq_exam_sign_up_worker", ["sitting_id", "worker_id"], True, _LIVE),
)
_LINE = (
    ("ix_exam_sign_up_line", ["sitting_id", "id"], False, "state = 'waiting'"),
    ("ix_exam_sign_up_offer", ["offer_until"], False, "state = 'offered'"),
)
_WAITING = (
    ("ix_waiting_line", ["kind", "subject_id", "id"], False, "state = 'waiting'"),
    ("ix_waiting_offer", ["kind", "offer_until"], False, "state = 'offered'"),
    ("uq_waiting_live", ["kind", "about_id"], True, "state IN ('waiting', 'offered')"),
)
_Index = tuple[str, list[str], bool, str]


def _make(table: str, indexes: tuple[_Index, ...]) -> None:
    for name, columns, unique, where in indexes:
        is_in = sa.text(where)
        op.create_index(name, table, columns, unique=unique, sqlite_where=is_in, postgresql_where=is_in)


def _drop(table: str, indexes: tuple[_Index, ...]) -> None:
    for name, *_ in indexes:
        op.drop_index(name, table)


def upgrade() -> None:
    _drop("exam_sign_up", _PARTIAL)  # a batch makes the table anew, and would forget what they are partial by
    with op.batch_alter_table("exam_sign_up", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_exam_sign_up_worker_id")
        batch_op.drop_constraint("uq_exam_sign_up_number", type_="unique")
        batch_op.drop_constraint("uq_exam_sign_up_draft_id", type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_exam_sign_up_worker_id_draft_id"), ["worker_id", "draft_id"]
        )
    op.execute(
        "UPDATE exam_sign_up SET "
        "offered_at = (SELECT offered_at FROM waiting WHERE kind = 'exam' AND about_id = exam_sign_up.id), "
        "offer_until = (SELECT offer_until FROM waiting WHERE kind = 'exam' AND about_id = exam_sign_up.id)"
    )
    _make("exam_sign_up", _PARTIAL + _LINE)
    _drop("waiting", _WAITING)
    op.drop_index("ix_waiting_worker_id", "waiting")
    op.drop_table("waiting")


def downgrade() -> None:
    op.create_table(
        "waiting",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column("about_id", _ID, nullable=False),
        sa.Column("worker_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_waiting_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting")),
    )
    op.execute(
        "INSERT INTO waiting (kind, subject_id, about_id, worker_id, state, joined_at, offered_at, offer_until, "
        "settled_at) SELECT 'exam', sitting_id, id, worker_id, CASE state WHEN 'placed' THEN 'accepted' "
        "WHEN 'lapsed' THEN 'ended' WHEN 'withdrawn' THEN 'left' ELSE state END, signed_at, offered_at, offer_until, "
        "settled_at FROM exam_sign_up WHERE state = 'waiting' OR offered_at IS NOT NULL ORDER BY id"
    )
    _make("waiting", _WAITING)
    op.create_index("ix_waiting_worker_id", "waiting", ["worker_id"])
    _drop("exam_sign_up", _PARTIAL + _LINE)
    with op.batch_alter_table("exam_sign_up", schema=None) as batch_op:
        batch_op.drop_constraint("uq_exam_sign_up_worker_id_draft_id", type_="unique")
        batch_op.create_unique_constraint("uq_exam_sign_up_draft_id", ["draft_id"])
        batch_op.create_unique_constraint("uq_exam_sign_up_number", ["number"])
        batch_op.create_index("ix_exam_sign_up_worker_id", ["worker_id"])
        batch_op.drop_column("offer_until")
        batch_op.drop_column("offered_at")
    _make("exam_sign_up", _PARTIAL)
