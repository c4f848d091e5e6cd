"""Following and leaving the account, with one phone or several, and opening a page of ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.db import insert_new
from models.messages import Notice, NoticeState
from models.people import Worker
from models.persons import OtherPhone


def follow(db: Session, worker: Worker, *, now: datetime) -> bool:
    """Somebody follows. True when they had followed before and left."""
    is_back = worker.unfollowed_at is not None
    worker.followed_at = now
    worker.unfollowed_at = None
    return is_back


def unfollow(db: Session, worker: Worker, *, now: datetime) -> None:
    """Somebody left: nothing can reach them, so nothing is tried, and their card is not shown (rules look).

    Who has another phone that still follows has only put one of them away.
    """
    worker.unfollowed_at = now
    db.flush()
    still = db.scalar(
        select(OtherPhone.openid)
        .where(OtherPhone.worker_id == worker.id, OtherPhone.unfollowed_at.is_(None))
        .order_by(OtherPhone.followed_at.desc())
        .limit(1)
    )
    if still is not None and change_phone(db, still):
        db.refresh(worker)
        return
    db.execute(
        update(Notice)
        .where(Notice.worker_id == worker.id, Notice.state == NoticeState.PENDING, Notice.due_at <= now)
        .values(state=NoticeState.KEPT)
    )


def of_openid(db: Session, openid: str) -> Worker | None:
    """Whose phone this is; None for nobody we know. Everything that comes in by an openid begins here."""
    found = db.scalar(select(Worker).where(Worker.openid == openid))
    if found is None and change_phone(db, openid):
        found = db.scalar(
            select(Worker).where(Worker.openid == openid).execution_options(populate_existing=True)
        )
    return found


def change_phone(db: Session, openid: str) -> bool:
    """Somebody with several phones uses this other one now: from now on notices go there. False: it is nobody's.

    Only the phone that was written from last has WeChat's window open for 48 hours.
    """
    found = db.execute(
        delete(OtherPhone)
        .where(OtherPhone.openid == openid)
        .returning(OtherPhone.worker_id, OtherPhone.followed_at, OtherPhone.unfollowed_at)
    ).first()
    if found is None:
        return False
    before = db.execute(
        select(Worker.openid, Worker.followed_at, Worker.unfollowed_at)
        .where(Worker.id == found.worker_id)
        .with_for_update()
    ).one()
    db.execute(
        update(Worker)
        .where(Worker.id == found.worker_id)
        .values(openid=openid, followed_at=found.followed_at, unfollowed_at=found.unfollowed_at)
        .execution_options(synchronize_session=False)
    )
    db.execute(
        insert(OtherPhone).values(
            openid=before.openid,
            worker_id=found.worker_id,
            followed_at=before.followed_at,
            unfollowed_at=before.unfollowed_at,
        )
    )
    return True


def hold(db: Session, *workers: Worker) -> bool:
    """Keep these records as they are until the transaction ends: nobody erases, merges or moves one meanwhile.

    What is known of them is read anew. False: one of them is gone since it was looked at.
    """
    return len(held(db, workers)) == len(workers)


def held(db: Session, workers: Iterable[Worker]) -> set[int]:
    """Hold many; the numbers of those that are not gone."""
    found = db.scalars(
        update(Worker)
        .where(Worker.id.in_([one.id for one in workers]), Worker.gone_at.is_(None))
        .values(gone_at=None)
        .returning(Worker)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return {one.id for one in found}


def forget_stranger(db: Session, worker: Worker) -> None:
    """Somebody we know nothing of has left: there is nothing to remember, not even that they were here."""
    db.delete(worker)
    db.flush()


def is_known(db: Session, openid: str) -> bool:
    """Whether there is a worker of this openid already."""
    mine = select(Worker.id).where(Worker.openid == openid)
    return (
        db.scalar(mine) or db.scalar(select(OtherPhone.worker_id).where(OtherPhone.openid == openid))
    ) is not None


def arrive(db: Session, openid: str, *, is_following: bool, now: datetime) -> Worker:
    """The worker who opens a page; made when they never wrote. `is_following` counts for somebody new only."""
    worker = of_openid(db, openid)
    if worker is None:
        insert_new(
            db,
            Worker,
            openid=openid,
            created_at=now,
            followed_at=now if is_following else None,
            unfollowed_at=None if is_following else now,
        )
        worker = db.scalars(select(Worker).where(Worker.openid == openid)).one()
    return worker
