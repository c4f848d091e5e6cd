"""Files that staff bring in: checked once, brought in once, known again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import Refused
from models.imports import ImportRun
from models.people import Staff
from rules import audit


def keep(
    db: Session, staff: Staff, name: str, digest: str, *, rows: int, content: str, now: datetime
) -> ImportRun:
    """Keep a file that was checked, until whoever chose it says to bring it in; a day at most."""
    run = ImportRun(staff_id=staff.id, name=name, digest=digest, rows=rows, content=content, made_at=now)
    db.add(run)
    db.flush()
    return run


def earlier(db: Session, name: str, digest: str) -> ImportRun | None:
    """When the same rows were brought in last, if ever."""
    return db.scalar(
        select(ImportRun)
        .where(ImportRun.name == name, ImportRun.digest == digest, ImportRun.done_at.is_not(None))
        .order_by(ImportRun.done_at.desc())
        .limit(1)
    )


def mine(db: Session, staff: Staff, name: str, run_id: int) -> ImportRun:
    """A file that this member chose. Raises Refused("not_found")."""
    run = db.get(ImportRun, run_id)
    if run is None or run.staff_id != staff.id or run.name != name:
        raise Refused("not_found")
    return run


def begin(db: Session, run: ImportRun, *, now: datetime) -> None:
    """Take a file to be brought in in this transaction; of two tries one gets it. Raises Refused("import_done")."""
    db.execute(  # two who were shown the same rows at the same time wait for each other here
        update(ImportRun)
        .where(ImportRun.name == run.name, ImportRun.digest == run.digest)
        .values(made_at=ImportRun.made_at)
        .execution_options(synchronize_session=False)
    )
    if earlier(db, run.name, run.digest):
        raise Refused("import_done")
    taken = db.execute(
        update(ImportRun)
        .where(ImportRun.id == run.id, ImportRun.done_at.is_(None))
        .values(done_at=now, content=None)
        .returning(ImportRun.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Refused("import_done")


def note(db: Session, staff: Staff, run: ImportRun, *, changed: int, now: datetime) -> None:
    """Write down that a file was brought in; what each row changed is noted by its own rule."""
    facts: dict[str, Any] = {"rows": run.rows, "changed": changed, "digest": run.digest}
    audit.note(db, staff, "import", f"import:{run.name}", now=now, after=facts)
