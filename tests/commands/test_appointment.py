"""./niangjia appointment: set up a service from nothing, override a limit with a reason, and show nothing private."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core.clock import utcnow
from models.appointments import Booking, BookingMove, Hours
from models.people import Audit
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town


def test_a_service_from_nothing(niangjia: Niangjia, town: Town) -> None:
    town.staff("xu", town.north, "counsellor")
    town.db.commit()
    union = ("--union", "城北区总工会", "--asks", "想聊哪方面？")
    assert niangjia("appointment", "service", "心理咨询", *union)[0] == 0
    assert "已经有了" in niangjia("appointment", "service", "心理咨询", *union)[2]
    assert "10 分钟" in niangjia("appointment", "service", "别的", *union, "--minutes", 45)[2]
    assert "没有这个项目" in niangjia("appointment", "offer", "xu", "没有的", "--place", "谈心室")[2]
    code, said, _ = niangjia(
        "appointment", "offer", "xu", "心理咨询", "--place", "谈心室", "--name", "徐老师"
    )
    assert (code, said) == (0, "徐老师：心理咨询，谈心室\n")
    assert "09:00" in niangjia("appointment", "hours", "xu", 1, "09:00-12:00", "14:00-17:00")[1]
    assert "10 分钟" in niangjia("appointment", "hours", "xu", 1, "09:05-12:00")[2]
    assert niangjia("appointment", "hours", "xu", 1, "morning")[0] == 2
    assert "徐老师" in niangjia("appointment", "professionals")[1]
    assert "心理咨询" in niangjia("appointment", "services")[1]
    assert len(town.db.scalars(select(Hours)).all()) == 2
    assert niangjia("appointment", "hours", "xu", 1)[0] == 0
    town.db.rollback()
    assert not town.db.scalars(select(Hours)).all()


def test_staff_cancel_late_with_a_reason_and_nobody_reads_the_matter(niangjia: Niangjia, town: Town) -> None:
    from rules.appointments import planning

    counsellor = town.staff("xu", town.north, "counsellor")
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
    said = niangjia("appointment", "list")[1]
    assert booking.code in said
    assert "planted" not in said
    act = ("appointment", "cancel", booking.code)
    assert "管辖范围" in niangjia(*act, "--as", "sun", "--reason", "病了")[2]
    assert niangjia(*act, "--as", "wu", "--reason", "咨询师病了")[0] == 0
    town.db.rollback()
    town.db.refresh(booking)
    assert booking.state == "cancelled"
    assert town.db.scalars(select(BookingMove)).one().is_late
    assert town.db.scalars(select(Audit)).one().act == "booking_cancel"
    assert "没有找到" in niangjia("appointment", "cancel", "A99", "--as", "wu", "--reason", "x")[2]
