"""Appointments, for staff at a shell: services, who offers them, their hours, and the bookings."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from commands._given import Line
from commands._help import Group
from commands._office import office, table
from core.clock import SHANGHAI, local, utcnow
from core.config import load
from core.errors import Refused
from core.numbers import whole
from models.appointments import Booking, Hours, Offer, Professional, Service
from models.people import Organisation, Staff
from rules import access, audit, organisations
from rules import staff as staff_rules
from rules.access import Permission
from rules.appointments import bookings, planning, years
from rules.appointments.terms import terms

MINUTES = click.IntRange(0, 60 * 24 * 60)
MOMENTS = ["%Y-%m-%d %H:%M"]
WEEKDAYS = "一二三四五六日"

as_login = click.option("--as", "by", metavar="LOGIN", required=True, help="Who acts; written down.")
reason_option = click.option("--reason", required=True, help="Why; kept, and needed when it is late.")
booking_argument = click.argument("number", metavar="NUMBER")


@click.group(cls=Group)
def command() -> None:
    """Set up what can be booked, and see, move and cancel bookings. Nothing here shows what a booking is about."""


@command.command()
@as_login
def services(by: str) -> None:
    """List services with their lengths and limits, in minutes."""
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        who = _planner(db, by)
        table(
            ("项目", "单位", "时长", "间隔", "提前", "取消", "改约", "开放"),
            (
                (
                    one.name,
                    one.organisation.name,
                    one.minutes,
                    one.buffer_minutes,
                    one.notice_minutes,
                    one.cancel_minutes,
                    one.move_minutes,
                    "是" if one.is_open else "否",
                )
                for one in db.scalars(access.scoped(db, who, Service, now=now).order_by(Service.id))
            ),
        )


@command.command()
@click.argument("name")
@click.option("--union", required=True, metavar="NAME", help="Whose service it is.")
@click.option("--asks", required=True, help="The question about the matter, for instance 想聊哪方面？")
@click.option("--words", default="", help="Other names people use, with blanks between.")
@click.option("--minutes", type=MINUTES, default=50, show_default=True, help="How long it takes.")
@click.option(
    "--buffer", type=MINUTES, default=10, show_default=True, help="The professional's rest behind it."
)
@click.option(
    "--notice", type=MINUTES, default=120, show_default=True, help="Booked so long before at the latest."
)
@click.option(
    "--cancel", "cancel_", type=MINUTES, default=240, show_default=True, help="Cancelled so long before."
)
@click.option("--move", "move_", type=MINUTES, default=120, show_default=True, help="Moved so long before.")
@as_login
def service(
    by: str,
    name: str,
    union: str,
    asks: str,
    words: str,
    minutes: int,
    buffer: int,
    notice: int,
    cancel_: int,
    move_: int,
) -> None:
    """Add a service."""
    with office(load()) as engine, Session(engine) as db:
        holder = organisations.named(db, union)
        if holder is None:
            raise Refused("no_such_union")
        who = _planner(db, by, holder)
        added = planning.add_service(
            db,
            holder,
            name,
            asks=asks,
            words=words,
            minutes=minutes,
            buffer_minutes=buffer,
            notice_minutes=notice,
            cancel_minutes=cancel_,
            move_minutes=move_,
        )
        audit.note(db, who, "service_add", f"service:{added.id}", now=utcnow(), after={"name": added.name})
        db.commit()
        click.echo(f"{name} 建好了。接下来：./niangjia appointment offer、hours")


@command.command()
@as_login
def professionals(by: str) -> None:
    """List who offers what, and where."""
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        within = access.in_scope(db, _planner(db, by), Service, now=now)
        rows = db.execute(
            select(Professional, Staff.login, Service.name, Offer)
            .join(Staff, Staff.id == Professional.staff_id)
            .join(Offer, Offer.professional_id == Professional.id)
            .join(Service, Service.id == Offer.service_id)
            .where(within)
            .order_by(Professional.id, Service.id)
        ).all()
        table(
            ("登录名", "称呼", "项目", "地点", "微信"),
            (
                (login, one.name, name, offer.place.name, "有" if one.staff.worker_id else "没有")
                for one, login, name, offer in rows
            ),
        )


@command.command()
@click.argument("login")
@click.argument("service_name", metavar="SERVICE")
@click.option(
    "--place", type=Line(100), required=True, help="Where; a room is used by one booking at a time."
)
@click.option(
    "--shared", is_flag=True, help="The place takes any number at a time (a telephone, a large office)."
)
@click.option("--name", type=Line(40), help="The name people read.  [default: the staff name]")
@as_login
def offer(login: str, service_name: str, place: str, shared: bool, name: str | None, by: str) -> None:
    """Let a member of staff offer a service at a place."""
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        found = planning.service_named(db, service_name)
        acting = _planner(db, by, found.organisation, staff.organisation)
        where = planning.place_named(db, found.organisation, place, is_shared=shared)
        who = planning.professional_of(db, staff, name=name or "")
        planning.offer(db, who, found, where)
        audit.note(
            db,
            acting,
            "offer_set",
            f"staff:{staff.id}",
            now=utcnow(),
            after={"service": found.id, "place": where.name},
        )
        db.commit()
        click.echo(f"{who.name}：{found.name}，{where.name}")


@command.command()
@click.argument("login")
@click.argument("weekday", type=click.IntRange(1, 7), required=False)
@click.argument("spans", nargs=-1, metavar="[HH:MM-HH:MM]...")
@click.option("--clear", is_flag=True, help="No hours on that day any more.")
@as_login
def hours(login: str, weekday: int | None, spans: tuple[str, ...], clear: bool, by: str) -> None:
    """Show somebody's week, or set one WEEKDAY (1 Monday … 7) of it."""
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        acting = _planner(db, by, staff.organisation)
        who = planning.professional_of(db, staff)
        if weekday is not None and (spans or clear):
            planning.set_hours(db, who, weekday - 1, [_span(one) for one in spans])
            after = {"weekday": weekday, "hours": list(spans)}
            audit.note(db, acting, "hours_set", f"staff:{staff.id}", now=utcnow(), after=after)
            db.commit()
        rows = db.scalars(
            select(Hours).where(Hours.professional_id == who.id).order_by(Hours.weekday, Hours.starts)
        ).all()
        table(
            ("星期", "从", "到"),
            ((WEEKDAYS[one.weekday], _clock(one.starts), _clock(one.ends)) for one in rows),
        )


@command.command()
@click.argument("login")
@click.argument("day", metavar="[YYYY-MM-DD]", type=click.DateTime(["%Y-%m-%d"]), required=False)
@click.argument("spans", nargs=-1, metavar="[HH:MM-HH:MM]...")
@click.option("--clear", is_flag=True, help="No extra hours on that day any more.")
@as_login
def extra(login: str, day: datetime | None, spans: tuple[str, ...], clear: bool, by: str) -> None:
    """Show somebody's extra hours, or set those of one day (a holiday too).

    They stand beside the hours of the week. Bookings that were made stay.
    """
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        acting = _planner(db, by, staff.organisation)
        if day is not None and (spans or clear):
            planning.set_extra(db, staff, day.date(), [_span(one) for one in spans], now=now)
            after = {"day": str(day.date()), "hours": list(spans)}
            audit.note(db, acting, "hours_set", f"staff:{staff.id}", now=now, after=after)
            db.commit()
        table(
            ("日期", "星期", "从", "到"),
            (
                (
                    starts.date(),
                    WEEKDAYS[starts.weekday()],
                    f"{starts:%H:%M}",
                    _clock(_minutes(starts, one.ends_at)),
                )
                for one in planning.extra_hours(db, staff, now=now)
                for starts in [local(one.starts_at)]
            ),
        )


@command.command("list")
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="From today on.")
@as_login
def list_(days: int, by: str) -> None:
    """List bookings to come. Says when the calendar lacks a year."""
    config, now = load(), utcnow()
    with office(config) as engine, Session(engine) as db:
        who = _planner(db, by)
        audit.note(db, who, "bookings_read", f"organisation:{who.organisation_id}", now=now)
        db.commit()
        found = db.scalars(
            access.scoped(db, who, Booking, now=now)
            .where(Booking.starts_at >= now, Booking.starts_at < now + timedelta(days=days))
            .where(Booking.state == "booked")
            .order_by(Booking.starts_at)
        )
        table(
            ("编号", "时间", "项目", "谁", "地点", "确认"),
            (
                (
                    one.code,
                    f"{local(one.starts_at):%m-%d %H:%M}",
                    one.service.name,
                    one.professional.name,
                    one.place.name,
                    "是" if one.confirmed_at else "",
                )
                for one in found
            ),
        )
        limit = config.appointments.year_warning_days
        missing = years.missing_year(terms(db, config).workdays, now, days=limit)
        if missing is not None:
            click.echo(
                f"{missing} 年的节假日还没有录入 {config.calendar_file.name}，那一年约不了。", err=True
            )


@command.command()
@booking_argument
@as_login
@reason_option
def cancel(number: str, by: str, reason: str) -> None:
    """Cancel a booking for its worker, late too; the worker is told, with the nearest free times."""
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, by)
        booking = _booking(db, number)
        bookings.cancel(db, booking, now=utcnow(), terms=terms(db, config), staff=staff, reason=reason)
        db.commit()
        click.echo(f"{booking.code} 取消了，会通知本人。")


@command.command()
@booking_argument
@click.argument("moment", type=click.DateTime(MOMENTS))
@as_login
@reason_option
def move(number: str, moment: datetime, by: str, reason: str) -> None:
    """Move a booking to a free time of the same professional, late too; the worker is told."""
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, by)
        booking = _booking(db, number)
        to = moment.replace(tzinfo=SHANGHAI)
        bookings.move(
            db,
            booking,
            booking.professional_id,
            to,
            now=utcnow(),
            terms=terms(db, config),
            staff=staff,
            reason=reason,
        )
        db.commit()
        click.echo(f"{booking.code} 改到 {to:%m-%d %H:%M}，会通知本人。")


def _planner(db: Session, by: str, *unions: Organisation) -> Staff:
    """Who acts, and may plan appointments of these unions. Raises Refused("not_found")."""
    staff = staff_rules.by_login(db, by)
    access.need(staff, Permission.APPOINTMENTS_PLAN)
    for union in unions:
        access.need_within(staff, union)
    return staff


def _booking(db: Session, number: str) -> Booking:
    booking = db.get(Booking, whole(number.upper().removeprefix("A")) or 0)
    if booking is None:
        raise Refused("not_found")
    return booking


def _span(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", text)
    if found is None:
        raise click.UsageError(f"{text}: write HH:MM-HH:MM")
    first, second, third, fourth = (int(part) for part in found.groups())
    return first * 60 + second, third * 60 + fourth


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _minutes(starts: datetime, ends: datetime) -> int:
    """The end of a span in minutes after the midnight before it: 24:00 is not 00:00."""
    return starts.hour * 60 + starts.minute + int((ends - starts).total_seconds()) // 60
