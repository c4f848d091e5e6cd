"""Tags (标签) that staff put on followers at WeChat, as they were when somebody fetched them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, func, literal, select
from sqlalchemy.orm import Session

from core.db import insert_free
from models.broadcasts import WorkerTag
from models.people import Worker


def fetched(db: Session, name: str, pages: Iterable[list[str]]) -> int:
    """Replace who has this tag by what the platform says, page by page; how many of them we know."""
    db.execute(delete(WorkerTag).where(WorkerTag.name == name))
    inserting = insert_free(db, WorkerTag)
    for page in pages:
        for start in range(0, len(page), 500):  # what one statement takes on every database
            known = select(literal(name), Worker.id).where(Worker.openid.in_(page[start : start + 500]))
            db.execute(inserting.from_select(["name", "worker_id"], known, include_defaults=False))
    return db.scalar(select(func.count()).select_from(WorkerTag).where(WorkerTag.name == name)) or 0
