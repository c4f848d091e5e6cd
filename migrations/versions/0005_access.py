"""access: roles with permissions, and the audit as a chain that nobody can edit"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROLES = (("officer", "manager"), ("counsellor", "professional"), ("lawyer", "professional"))
GUARDS = (
    # table, what is refused, when
    ("audit", "update", ""),
    ("audit", "delete", ""),
    ("audit", "insert", "NEW.digest IS NULL"),
    ("audit_head", "update", "NEW.number <> OLD.number + 1"),
    ("audit_head", "delete", ""),
)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

staff = sa.table("staff", sa.column("role", sa.String))


def upgrade() -> None:
    for before, after in ROLES:
        op.execute(staff.update().where(staff.c.role == before).values(role=after))

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", BIG, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("organisation_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("before", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("after", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("origin", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("previous", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.String(length=64), nullable=True))
    op.execute(
        "UPDATE audit SET origin = 'command', "
        "organisation_id = (SELECT organisation_id FROM staff WHERE staff.id = audit.staff_id)"
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.alter_column("staff_id", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("origin", existing_type=sa.String(length=200), nullable=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_audit_organisation_id_organisation"), "organisation", ["organisation_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_organisation_id_id", ["organisation_id", "id"], unique=False)

    if op.get_context().dialect.name == "sqlite":
        for table, act, when in GUARDS:
            op.execute(
                f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table} "
                + (f"WHEN {when} " if when else "")
                + f"BEGIN SELECT RAISE(ABORT, '{table}: no {act}, the audit is final'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_final() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no %, the audit is final', TG_OP; END $$"
    )
    for table, act, when in GUARDS:
        op.execute(
            f"CREATE TRIGGER {table}_{act}_refused BEFORE {act.upper()} ON {table} FOR EACH ROW "
            + (f"WHEN ({when}) " if when else "")
            + "EXECUTE FUNCTION audit_is_final()"
        )
    for table in ("audit", "audit_head"):
        op.execute(
            f"CREATE TRIGGER {table}_truncate_refused BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_final()"
        )


def downgrade() -> None:
    on_table = "" if op.get_context().dialect.name == "sqlite" else " ON {table}"
    for table, act, _ in GUARDS:
        op.execute(f"DROP TRIGGER {table}_{act}_refused" + on_table.format(table=table))
    if on_table:
        for table in ("audit", "audit_head"):
            op.execute(f"DROP TRIGGER {table}_truncate_refused ON {table}")
        op.execute("DROP FUNCTION audit_is_final()")
    op.execute("DELETE FROM audit WHERE staff_id IS NULL")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_organisation_id_id")
        batch_op.drop_index(batch_op.f("ix_audit_at"))
        batch_op.drop_constraint(batch_op.f("fk_audit_organisation_id_organisation"), type_="foreignkey")
        batch_op.alter_column("staff_id", existing_type=sa.Integer(), nullable=False)
        for name in ("digest", "previous", "origin", "after", "before", "organisation_id"):
            batch_op.drop_column(name)
    op.drop_table("audit_head")
    op.execute(staff.update().where(staff.c.role == "professional").values(role="counsellor"))
    op.execute(staff.update().where(staff.c.role != "counsellor").values(role="officer"))
