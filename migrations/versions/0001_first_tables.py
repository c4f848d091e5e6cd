"""first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("path", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisation_path"), ["path"], unique=False)

    op.create_table(
        "received",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_received")),
    )
    with op.batch_alter_table("received", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_received_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_received_late",
            ["at"],
            unique=False,
            sqlite_where=sa.text("is_late"),
            postgresql_where=sa.text("is_late"),
        )

    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tables", sa.Integer(), nullable=False),
        sa.Column("onsite_only", sa.Boolean(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_event_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("token", name=op.f("uq_event_token")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "worker",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_worker_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("openid", name=op.f("uq_worker_openid")),
    )
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_worker_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "check_in",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_check_in_event_id_event")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_check_in_worker_id_worker")),
        sa.PrimaryKeyConstraint("event_id", "worker_id", name=op.f("pk_check_in")),
    )
    op.create_table(
        "consent",
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template_id", sa.String(length=100), nullable=False),
        sa.Column("credit", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_consent_worker_id_worker")),
        sa.PrimaryKeyConstraint("worker_id", "template_id", name=op.f("pk_consent")),
    )
    op.create_table(
        "dialog",
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("recent", sa.Text(), nullable=True),
        sa.Column("reply", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_of", sa.String(length=40), nullable=True),
        sa.Column("erase_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_dialog_worker_id_worker")),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_dialog")),
    )
    with op.batch_alter_table("dialog", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dialog_erase_at"), ["erase_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_dialog_remind_at"), ["remind_at"], unique=False)

    op.create_table(
        "handover",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_key", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_handover_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("message_key", name=op.f("uq_handover_message_key")),
    )
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_worker_id"), ["worker_id"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_notice_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index(
            "ix_notice_kept",
            ["worker_id"],
            unique=False,
            sqlite_where=sa.text("state IN ('kept', 'unknown')"),
            postgresql_where=sa.text("state IN ('kept', 'unknown')"),
        )
        batch_op.create_index("ix_notice_worker_id_id", ["worker_id", "id"], unique=False)

    op.create_table(
        "profile",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("nickname", sa.String(length=20), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=False),
        sa.Column("height_cm", sa.Integer(), nullable=False),
        sa.Column("education", sa.String(length=20), nullable=False),
        sa.Column("trade", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=40), nullable=False),
        sa.Column("home_town", sa.String(length=40), nullable=False),
        sa.Column("marital", sa.String(length=12), nullable=False),
        sa.Column("line", sa.String(length=100), nullable=False),
        sa.Column("wants_born_from", sa.Integer(), nullable=True),
        sa.Column("wants_born_to", sa.Integer(), nullable=True),
        sa.Column("contact_kind", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("consent_version", sa.String(length=20), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_profile_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_profile_draft_id")),
        sa.UniqueConstraint("worker_id", name=op.f("uq_profile_worker_id")),
    )
    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.create_index("ix_profile_find", ["state", "sex", "birth_year", "id"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_staff_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_staff_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sa.UniqueConstraint("worker_id", name=op.f("uq_staff_worker_id")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_organisation_id"), ["organisation_id"], unique=False)

    op.create_table(
        "wall",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_wall_event_id_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall")),
        sa.UniqueConstraint("event_id", "number", name=op.f("uq_wall_event_id_number")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_audit_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_subject"), ["subject"], unique=False)

    op.create_table(
        "card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wall_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("url_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_card_profile_id_profile")),
        sa.ForeignKeyConstraint(["wall_id"], ["wall.id"], name=op.f("fk_card_wall_id_wall")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("token", name=op.f("uq_card_token")),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_profile_id"), ["profile_id"], unique=False)
        batch_op.create_index(
            "uq_card_live",
            ["profile_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.create_index(
            "uq_card_place",
            ["wall_id", "position"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "mark",
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_mark_profile_id_profile")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_mark_worker_id_worker")),
        sa.PrimaryKeyConstraint("worker_id", "profile_id", "kind", name=op.f("pk_mark")),
    )
    with op.batch_alter_table("mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mark_profile_id"), ["profile_id"], unique=False)

    op.create_table(
        "notice_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("errcode", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name=op.f("fk_notice_attempt_notice_id_notice"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_attempt")),
    )
    with op.batch_alter_table("notice_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_attempt_message_id"), ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_notice_attempt_notice_id"), ["notice_id"], unique=False)

    op.create_table(
        "profile_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("after", sa.String(length=12), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profile.id"], name=op.f("fk_profile_move_profile_id_profile")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_profile_move_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_profile_move")),
    )
    with op.batch_alter_table("profile_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_profile_move_profile_id"), ["profile_id"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_report_profile_id_profile")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_report_worker_id_worker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("worker_id", "profile_id", name=op.f("uq_report_worker_id_profile_id")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_profile_id"), ["profile_id"], unique=False)

    op.create_table(
        "meet_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["asked_id"], ["worker.id"], name=op.f("fk_meet_request_asked_id_worker")),
        sa.ForeignKeyConstraint(["asker_id"], ["worker.id"], name=op.f("fk_meet_request_asker_id_worker")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_meet_request_card_id_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meet_request")),
    )
    with op.batch_alter_table("meet_request", schema=None) as batch_op:
        batch_op.create_index("ix_meet_request_asked_id_asked_at", ["asked_id", "asked_at"], unique=False)
        batch_op.create_index("ix_meet_request_asker_id_asked_at", ["asker_id", "asked_at"], unique=False)
        batch_op.create_index(
            "ix_meet_request_expiry",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("told_at IS NULL AND state IN ('open', 'declined')"),
            postgresql_where=sa.text("told_at IS NULL AND state IN ('open', 'declined')"),
        )
        batch_op.create_index(
            "uq_meet_request_live",
            ["asker_id", "asked_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'open', 'accepted')"),
            postgresql_where=sa.text("state IN ('waiting', 'open', 'accepted')"),
        )

    op.create_table(
        "scan",
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_key", sa.String(length=200), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_scan_card_id_card")),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_scan_worker_id_worker")),
        sa.PrimaryKeyConstraint("worker_id", "message_key", name=op.f("pk_scan")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_scan_card_id"), ["card_id"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("table_number", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_meeting_event_id_event")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["meet_request.id"], name=op.f("fk_meeting_request_id_meet_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint(
            "event_id", "starts_at", "table_number", name=op.f("uq_meeting_event_id_starts_at_table_number")
        ),
        sa.UniqueConstraint("request_id", name=op.f("uq_meeting_request_id")),
    )
    op.create_table(
        "seat",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meeting_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_seat_event_id_event")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_seat_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["worker.id"], name=op.f("fk_seat_worker_id_worker")),
        sa.PrimaryKeyConstraint("event_id", "starts_at", "worker_id", name=op.f("pk_seat")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_meeting_id"), ["meeting_id"], unique=False)


def downgrade() -> None:

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_meeting_id"))

    op.drop_table("seat")
    op.drop_table("meeting")
    with op.batch_alter_table("scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_scan_card_id"))

    op.drop_table("scan")
    with op.batch_alter_table("meet_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_meet_request_live",
            sqlite_where=sa.text("state IN ('waiting', 'open', 'accepted')"),
            postgresql_where=sa.text("state IN ('waiting', 'open', 'accepted')"),
        )
        batch_op.drop_index(
            "ix_meet_request_expiry",
            sqlite_where=sa.text("told_at IS NULL AND state IN ('open', 'declined')"),
            postgresql_where=sa.text("told_at IS NULL AND state IN ('open', 'declined')"),
        )
        batch_op.drop_index("ix_meet_request_asker_id_asked_at")
        batch_op.drop_index("ix_meet_request_asked_id_asked_at")

    op.drop_table("meet_request")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_profile_id"))

    op.drop_table("report")
    with op.batch_alter_table("profile_move", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_profile_move_profile_id"))

    op.drop_table("profile_move")
    with op.batch_alter_table("notice_attempt", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_attempt_notice_id"))
        batch_op.drop_index(batch_op.f("ix_notice_attempt_message_id"))

    op.drop_table("notice_attempt")
    with op.batch_alter_table("mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mark_profile_id"))

    op.drop_table("mark")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_card_place",
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_card_live",
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_card_profile_id"))

    op.drop_table("card")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_staff_id"))

    op.drop_table("audit")
    op.drop_table("wall")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_organisation_id"))

    op.drop_table("staff")
    with op.batch_alter_table("profile", schema=None) as batch_op:
        batch_op.drop_index("ix_profile_find")

    op.drop_table("profile")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_worker_id_id")
        batch_op.drop_index(
            "ix_notice_kept",
            sqlite_where=sa.text("state IN ('kept', 'unknown')"),
            postgresql_where=sa.text("state IN ('kept', 'unknown')"),
        )
        batch_op.drop_index(
            "ix_notice_due",
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )

    op.drop_table("notice")
    with op.batch_alter_table("handover", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_worker_id"))

    op.drop_table("handover")
    with op.batch_alter_table("dialog", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dialog_remind_at"))
        batch_op.drop_index(batch_op.f("ix_dialog_erase_at"))

    op.drop_table("dialog")
    op.drop_table("consent")
    op.drop_table("check_in")
    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_worker_organisation_id"))

    op.drop_table("worker")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_organisation_id"))

    op.drop_table("event")
    with op.batch_alter_table("received", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_received_late", sqlite_where=sa.text("is_late"), postgresql_where=sa.text("is_late")
        )
        batch_op.drop_index(batch_op.f("ix_received_at"))

    op.drop_table("received")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisation_path"))
        batch_op.drop_index(batch_op.f("ix_organisation_parent_id"))

    op.drop_table("organisation")
