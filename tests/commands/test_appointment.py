"""./niangjia appointment: set up a service from nothing, override a limit with a reason, and show nothing private."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from core.clock import SHANGHAI, local, utcnow
from models.appointments import Booking, BookingMove, Hours
from models.audit import Audit
from rules import staff
from rules.appointments import planning, professionals, slots
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.rules.clinic import TERMS


def test_a_service_from_nothing(niangjia: Niangjia, town: Town) -> None:
    town.staff("xu", town.north, "professional")
    town.staff("sun", town.south)
    town.staff("wu", town.north)
    town.db.commit()
    by = ("--as", "wu")
    union = ("--union", "城北区总工会", "--asks", "想聊哪方面？", *by)
    assert "管辖范围" in niangjia("appointment", "service", "心理咨询", *union[:-1], "sun")[2]
    assert niangjia("appointment", "service", "心理咨询", *union)[0] == 0
    assert "已经有了" in niangjia("appointment", "service", "心理咨询", *union)[2]
    assert "10 分钟" in niangjia("appointment", "service", "别的", *union, "--minutes", 45)[2]
    assert "没有这个项目" in niangjia("appointment", "offer", *by, "xu", "没有的", "--place", "谈心室")[2]
    code, said, _ = niangjia(
        "appointment", "offer", *by, "xu", "心理咨询", "--place", "谈心室", "--name", "徐老师"
    )
    assert (code, said) == (0, "徐老师：心理咨询，谈心室\n")
    assert "09:00" in niangjia("appointment", "hours", *by, "xu", 1, "09:00-12:00", "14:00-17:00")[1]
    assert "10 分钟" in niangjia("appointment", "hours", *by, "xu", 1, "09:05-12:00")[2]
    assert niangjia("appointment", "hours", *by, "xu", 1, "morning")[0] == 2
    assert "徐老师" in niangjia("appointment", "professionals", *by)[1]
    assert "心理咨询" in niangjia("appointment", "services", *by)[1]
    assert len(town.db.scalars(select(Hours)).all()) == 2
    acts = town.db.scalars(select(Audit.act).order_by(Audit.id)).all()
    assert acts == ["service_add", "offer_set", "hours_set"]
    assert "14:00" in niangjia("appointment", "hours", *by, "xu", 1)[1]
    assert niangjia("appointment", "hours", *by, "xu", 1, "--clear")[0] == 0
    town.db.rollback()
    assert not town.db.scalars(select(Hours)).all()


def test_extra_hours_on_one_day(niangjia: Niangjia, town: Town) -> None:
    town.staff("xu", town.north, "professional")
    town.staff("wu", town.north)
    town.db.commit()
    by = ("--as", "wu")
    union = ("--union", "城北区总工会", "--asks", "？", "--notice", 0, *by)
    assert niangjia("appointment", "service", "心理咨询", *union)[0] == 0
    day = local(utcnow()).date() + timedelta(days=3)
    extra = ("appointment", "extra", *by, "xu", day)
    code, _, err = niangjia(*extra, "09:00-12:00")
    assert code == 1
    assert "appointment offer" in err
    assert "没有可以约的项目" in niangjia("appointment", "extra", *by, "wu")[2]
    assert "没有这个登录名" in niangjia("appointment", "extra", *by, "nobody")[2]
    assert niangjia("appointment", "offer", *by, "xu", "心理咨询", "--place", "谈心室")[0] == 0

    def starts() -> list[str]:
        town.db.rollback()
        service = planning.service_named(town.db, "心理咨询")
        free = slots.free(town.db, service, now=utcnow(), terms=TERMS)
        return [f"{local(slot.starts_at):%d %H:%M}" for slot in free]

    code, said, _ = niangjia(*extra, "09:00-11:00", "23:00-24:00")
    assert code == 0
    assert [line.split()[0::2] for line in said.splitlines()[1:]] == [
        [str(day), "09:00"],
        [str(day), "23:00"],
    ]
    assert said.splitlines()[2].endswith("24:00")
    assert niangjia(*extra, "09:00-11:00", "23:00-24:00")[1] == said
    assert starts() == [f"{day:%d} 09:00", f"{day:%d} 10:00", f"{day:%d} 23:00"]
    assert niangjia("appointment", "extra", *by, "xu")[1] == said
    for odd in (("09:05-12:00",), ("12:00-09:00",), ("09:00-11:00", "10:00-12:00"), ("23:00-25:00",)):
        assert "10 分钟" in niangjia(*extra, *odd)[2]
    assert niangjia(*extra, "morning")[0] == 2
    assert niangjia("appointment", "extra", *by, "xu", "tomorrow", "09:00-12:00")[0] == 2
    assert (
        "已经过去了" in niangjia("appointment", "extra", *by, "xu", day - timedelta(days=4), "09:00-12:00")[2]
    )
    assert starts()[0] == f"{day:%d} 09:00"  # what is refused changes nothing
    assert niangjia(*extra)[0] == 0
    assert starts()[0] == f"{day:%d} 09:00"  # to look changes nothing
    assert niangjia(*extra, "--clear")[0] == 0
    assert starts() == []
    who = planning.offering(town.db, staff.by_login(town.db, "xu"))
    midnight = datetime.combine(day, time(), SHANGHAI)
    from_to = (midnight, midnight + timedelta(hours=10))
    professionals.be_away(town.db, who, *from_to, seen=frozenset(), now=utcnow(), terms=TERMS)
    town.db.commit()
    assert "请了假" in niangjia(*extra, "09:00-11:00")[2]
    assert niangjia(*extra, "10:00-11:00")[0] == 0


def test_staff_cancel_late_with_a_reason_and_nobody_reads_the_matter(niangjia: Niangjia, town: Town) -> None:
    counsellor = town.staff("xu", town.north, "professional")
    town.staff("wu", town.north)
    town.staff("sun", town.south)
    facts = {
        "minutes": 50,
        "buffer_minutes": 0,
        "notice_minutes": 0,
        "cancel_minutes": 600,
        "move_minutes": 600,
    }
    service = planning.add_service(town.db, town.north, "心理咨询", asks="？", **facts)
    who = planning.professional_of(town.db, counsellor)
    planning.offer(town.db, who, service, planning.place_named(town.db, town.north, "谈心室"))
    starts = utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    booking = Booking(
        service_id=service.id,
        professional_id=who.id,
        place_id=1,
        worker_id=town.worker().id,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=50),
        state="booked",
        reason="planted-marker-reason",
        made_at=utcnow(),
        timed_at=utcnow(),
        token="token",
        draft_id="draft",
    )
    town.db.add(booking)
    town.db.commit()
    said = niangjia("appointment", "list", "--as", "wu")[1]
    assert booking.code in said
    assert "planted" not in said
    assert booking.code not in niangjia("appointment", "list", "--as", "sun")[1]
    assert "没有找到" in niangjia("appointment", "list", "--as", "xu")[2]
    act = ("appointment", "cancel", booking.code)
    assert "管辖范围" in niangjia(*act, "--as", "sun", "--reason", "病了")[2]
    assert niangjia(*act, "--as", "wu", "--reason", "咨询师病了")[0] == 0
    town.db.rollback()
    town.db.refresh(booking)
    assert booking.state == "cancelled"
    assert town.db.scalars(select(BookingMove)).one().is_late
    assert town.db.scalars(select(Audit.act).order_by(Audit.id.desc())).first() == "booking_cancel"
    assert "没有找到" in niangjia("appointment", "cancel", "A99", "--as", "wu", "--reason", "x")[2]
