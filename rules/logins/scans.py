"""Coming in by scanning the code on the login page with one's own WeChat, and confirming on the phone.

The code alone opens nothing: the browser that shows it has a secret, and only there the login opens, from the address
and the browser that the phone showed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core.config import Console
from core.errors import Refused
from models.logins import Outcome, ScanLogin, Way
from models.people import Staff
from qr.scenes import LoginScene, Scene, new_token
from rules.logins import attempts, tokens
from rules.logins.attempts import Where
from rules.matchmaking.cards import CodeMaker

SPAN = timedelta(minutes=10)
"""In which so many codes are made for one address."""


def begin_scan(db: Session, where: Where, *, limits: Console, now: datetime) -> tuple[str, LoginScene]:
    """A new login page: the secret for its browser, and the scene of its code (`code_url` makes it, after a commit)."""
    made = db.scalar(
        select(func.count())
        .select_from(ScanLogin)
        .where(ScanLogin.ip == where.ip, ScanLogin.made_at > now - SPAN)
    )
    if made is not None and made >= limits.scans_per_address:
        raise Refused("scan_busy")
    secret, scene = tokens.new(), LoginScene(new_token())
    db.add(
        ScanLogin(
            secret_hash=tokens.hashed(secret),
            scene=scene.token,
            made_at=now,
            expires_at=now + timedelta(minutes=limits.scan_minutes),
            ip=where.ip,
            browser=where.browser,
        )
    )
    db.flush()
    return secret, scene


def code_url(client: CodeMaker, scene: Scene, *, limits: Console, now: datetime) -> str:
    """What the QR code of a login page or of a binding encodes; qr/images.py draws it.

    Asks WeChat: call it outside any transaction that wrote. Raises whatever the client raises.
    """
    return client.create_code(scene.pack(), max(60, limits.scan_minutes * 60), now=now).url


def scanned(db: Session, worker_id: int, token: str, *, now: datetime) -> ScanLogin:
    """Somebody scanned a login page's code: what their phone has to show before they confirm.

    The first member of staff who scans it has it. Anybody else learns nothing, whatever state it is in; that is
    written down: commit it.
    """
    scan = db.scalar(select(ScanLogin).where(ScanLogin.scene == token))
    staff = _bound(db, worker_id)
    if staff is None:
        if scan is None:
            raise Refused("scan_not_yours")
        raise _refuse(db, scan, "scan_not_yours", Outcome.NOT_STAFF, now)
    if scan is None:
        raise Refused("scan_gone")
    claimed = db.execute(
        update(ScanLogin)
        .where(
            ScanLogin.id == scan.id,
            (ScanLogin.worker_id.is_(None)) | (ScanLogin.worker_id == worker_id),
            *_undecided(now),
        )
        .values(worker_id=worker_id)
        .returning(ScanLogin.id)
    )
    if claimed.first() is None:
        raise _no(db, scan, worker_id, staff, now)
    return scan


def confirm_scan(db: Session, worker_id: int, scan_id: int, *, now: datetime) -> ScanLogin:
    """确认登录, by whoever scanned it and is on the staff; once, in time, and not after 不是我."""
    staff = _bound(db, worker_id)
    scan = _scan_of(db, worker_id, scan_id)
    if staff is None:
        raise _refuse(db, scan, "scan_not_yours", Outcome.NOT_STAFF, now)
    done = db.execute(
        update(ScanLogin)
        .where(ScanLogin.id == scan_id, ScanLogin.worker_id == worker_id, *_undecided(now))
        .values(confirmed_at=now)
        .returning(ScanLogin.id)
    )
    if done.first() is None:
        raise _no(db, scan, worker_id, staff, now)
    return scan


def deny_scan(db: Session, worker_id: int, scan_id: int, *, now: datetime) -> None:
    """不是我, by whoever scanned it: this code opens nothing any more, confirmed or not. Refused once it was used."""
    scan = _scan_of(db, worker_id, scan_id)
    denied = db.execute(
        update(ScanLogin)
        .where(
            ScanLogin.id == scan_id,
            ScanLogin.worker_id == worker_id,
            ScanLogin.denied_at.is_(None),
            ScanLogin.used_at.is_(None),
        )
        .values(denied_at=now)
        .returning(ScanLogin.id)
    )
    if denied.first() is not None:
        staff = _bound(db, worker_id)
        _refuse(db, scan, "scan_denied", Outcome.DENIED, now, staff)
        return
    db.refresh(scan)
    if scan.used_at is not None:
        raise Refused("scan_used")


def finish_scan(db: Session, secret: str, where: Where, *, now: datetime) -> Staff | None:
    """Whoever confirmed, told once to the browser that showed the code; None while nobody has.

    Raises scan_gone when the code is over, scan_denied after 不是我, and scan_elsewhere, which ends it, when it is not
    the address and browser that the phone showed. Some of that is written down: commit it.
    """
    scan = db.scalar(select(ScanLogin).where(ScanLogin.secret_hash == tokens.hashed(secret)))
    if scan is None:
        raise Refused("scan_gone")
    if scan.denied_at is not None:
        raise Refused("scan_denied")
    if scan.confirmed_at is None or scan.worker_id is None:
        if scan.expires_at <= now:
            raise Refused("scan_gone")
        return None
    staff = _bound(db, scan.worker_id)
    seen = Where(scan.ip, scan.browser)
    is_here = where == seen
    taken = db.execute(
        update(ScanLogin)
        .where(
            ScanLogin.id == scan.id,
            ScanLogin.used_at.is_(None),
            ScanLogin.denied_at.is_(None),
            ScanLogin.expires_at > now,
        )
        .values(used_at=now)
        .returning(ScanLogin.id)
    )
    if taken.first() is None:
        raise _refuse(db, scan, "scan_gone", Outcome.GONE, now, staff, where)
    if not is_here:
        raise _refuse(db, scan, "scan_elsewhere", Outcome.ELSEWHERE, now, staff, where)
    if staff is None:
        raise _refuse(db, scan, "scan_gone", Outcome.NOT_STAFF, now, None, where)
    return staff


def scan_state(db: Session, secret: str, *, now: datetime) -> str:
    """How far the phone is, for the page that shows the code: waiting, scanned, confirmed, denied or gone."""
    scan = db.scalar(select(ScanLogin).where(ScanLogin.secret_hash == tokens.hashed(secret)))
    if scan is None or scan.used_at is not None or scan.expires_at <= now:
        return "gone"
    if scan.denied_at is not None:
        return "denied"
    if scan.confirmed_at is not None:
        return "confirmed"
    return "waiting" if scan.worker_id is None else "scanned"


def _bound(db: Session, worker_id: int) -> Staff | None:
    """The member of staff whose WeChat this is, unless they are let in no more."""
    return db.scalar(
        select(Staff)
        .where(Staff.worker_id == worker_id, Staff.disabled_at.is_(None))
        .execution_options(populate_existing=True)
    )


def _scan_of(db: Session, worker_id: int, scan_id: int) -> ScanLogin:
    scan = db.get(ScanLogin, scan_id)
    if scan is None or scan.worker_id != worker_id:
        raise Refused("scan_not_yours")
    return scan


def _undecided(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        ScanLogin.confirmed_at.is_(None),
        ScanLogin.denied_at.is_(None),
        ScanLogin.used_at.is_(None),
        ScanLogin.expires_at > now,
    )


def _no(db: Session, scan: ScanLogin, worker_id: int, staff: Staff, now: datetime) -> Refused:
    """Why somebody on the staff can't take this code."""
    db.refresh(scan)
    if scan.worker_id == worker_id and scan.denied_at is not None:
        return Refused("scan_denied")
    if scan.worker_id == worker_id and scan.used_at is not None:
        return Refused("scan_used")
    if scan.worker_id == worker_id and scan.confirmed_at is not None and scan.expires_at > now:
        return Refused("scan_confirmed")
    return _refuse(db, scan, "scan_gone", Outcome.GONE, now, staff)


def _refuse(
    db: Session,
    scan: ScanLogin,
    code: str,
    outcome: Outcome,
    now: datetime,
    staff: Staff | None = None,
    where: Where | None = None,
) -> Refused:
    return attempts.refuse(
        db,
        code,
        outcome,
        where or Where(scan.ip, scan.browser),
        way=Way.SCAN,
        now=now,
        staff_id=staff.id if staff else None,
    )
