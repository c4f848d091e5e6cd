"""What is said about appointments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.replies import Say, Tap
from bot.texts import HUMAN, REFUSALS
from bot.texts.times import clock, date_words, dated, span, when
from core.clock import local

if TYPE_CHECKING:
    from models.appointments import Booking
    from rules.appointments.slots import Slot

BOOK = Tap("预约")
MINE = Tap("我的预约")
TODAY = Tap("今日安排")
TOMORROW = Tap("明日安排")
ANYBODY = "都可以"
LEAVE = "不约了"

PICK_SERVICE = "想约哪一项？"
PICK_PERSON = "想找哪位？"
PICK_DAY = "哪一天？也可以直接写，比如 下周二"
PICK_SLOT = "几点方便？"
PICK_NEAR = "要哪一个？想看别的日子，回“返回”。"
PICK_BOOKING = "改哪一个预约？"
NO_SERVICE = "这会儿还没有可以预约的项目。有需要可以回“人工”。"
NO_DAY = "最近两周都约满了。可以回“返回”换一位，或回“人工”，有人退约就告诉你。"
NO_SLOT = "这一天刚被约满了，回“返回”换一天？"
NO_BOOKING = "现在没有可以改的预约。回“取消”退出。"
NOT_THAT_DAY = "那天没有空的时间，选一个有空的日子？"
WHICH_DAY = "没看懂是哪一天。选一个，或直接写，比如 下周二"
WHICH_TIME = "没看懂是几点，选一个？"
NOT_THAT_TIME = "那个时间没有空，选一个有空的？"
ONLY_THEM = "只有你和对方看得到"
NONE_TO_COME = Say("你现在没有要来的预约。", (BOOK,))
NOT_A_PROFESSIONAL = Say("这个是给咨询师和律师用的。想约他们，回“预约”。", (BOOK,))


def year_unknown(year: int) -> str:
    """To workers: the calendar has no holidays of a year yet."""
    return f"{year}年的放假安排还没排进来，那年的日子要等排好才能约。着急的话回“人工”。"


def full_until(year: int) -> str:
    """Nothing is free in this year, and the next is not there yet."""
    return f"今年能约的日子都满了。{year_unknown(year)}"


def too_far(last: date, today: date) -> str:
    """A day that nobody can book yet."""
    return f"现在最远能约到{date_words(last, today)}，选一个近一点的日子？"


def slot_label(slot: Slot, now: datetime, *, with_day: bool, with_name: bool) -> str:
    """15:40, 15:40 陈老师, or 周三 15:00 陈老师."""
    at = when(slot.starts_at, now) if with_day else clock(slot.starts_at)
    return f"{at} {slot.professional}" if with_name else at


def limits(cancel_until: datetime, move_until: datetime, now: datetime) -> str:
    """The last free moments to cancel and to move."""
    if cancel_until <= now and move_until <= now:
        return "时间很近了，约好以后就不能自己取消或改约，来不了请回“人工”。"
    cancel = f"{when(cancel_until, now)} 前可以取消" if cancel_until > now else "已经过了可以取消的时间"
    move = f"{when(move_until, now)} 前可以改约" if move_until > now else "已经过了可以改约的时间"
    return f"{cancel}，{move}。"


def where(place: str) -> str:
    """The place, in a summary."""
    return f"地点：{place}"


def before(booking: str) -> str:
    """What is moved, in a summary."""
    return f"原来：{booking}"


def after(day: str) -> str:
    """The day it is moved to, in a summary."""
    return f"改到：{day}"


def there_is(slot: Slot, now: datetime) -> str:
    """The time asked for in a sentence is free."""
    return f"{span(slot.starts_at, slot.ends_at, now)}，{slot.professional}，有空。"


def not_then(at: datetime, now: datetime, why: str | None = None) -> str:
    """The time asked for in a sentence is not free."""
    return f"{why}\n离得最近的：" if why else f"{when(at, now)} 约不到。离得最近的："


def not_that_day(day: date, today: date) -> str:
    """The day asked for in a sentence has no free time."""
    return f"{date_words(day, today)}没有空的时间。离得最近的："


def moving(booking: Booking, now: datetime) -> str:
    """Which booking is about to be moved."""
    return f"给 {booking.code}（{when(booking.starts_at, now)} {booking.professional.name}）换个时间："


def just_gone(at: datetime, now: datetime) -> str:
    """Somebody else was faster."""
    return f"{when(at, now)} 刚被约走了。离得最近的："


def overlaps(number: str) -> str:
    """The worker has another booking then."""
    return f"那时候你已经有预约 {number} 了，换个时间："


TOO_LATE = "这个时间约不了了，换一个："


def booked(booking: Booking, *, cancel: datetime, move: datetime, now: datetime, link: str) -> Say:
    """A booking was made."""
    return Say(
        f"约好了，编号 {booking.code}。\n{details(booking, now)}\n{limits(cancel, move, now)}到时候会再提醒你。",
        (Tap("加到日历", url=link), MINE),
    )


def moved(booking: Booking, *, cancel: datetime, move: datetime, now: datetime, link: str) -> Say:
    """A booking was moved."""
    return Say(
        f"改好了，{booking.code} 换到：\n{details(booking, now)}\n{limits(cancel, move, now)}",
        (Tap("加到日历", url=link), MINE),
    )


def receipt(booking: Booking) -> str:
    """What a second 提交 is told."""
    return f"编号 {booking.code}，回“我的预约”随时看。"


def calendar_title(number: str) -> str:
    """What a phone's calendar shows, for whoever looks at it too: not which service."""
    return f"工会预约 {number}"


def details(booking: Booking, now: datetime) -> str:
    """When, with whom, where."""
    return (
        f"{span(booking.starts_at, booking.ends_at, now)} {booking.service.name}\n"
        f"{booking.professional.name}，{booking.place.name}"
    )


def mine(bookings: Sequence[Booking], now: datetime, *, links: Sequence[str]) -> Say:
    """我的预约."""
    lines, taps = [], []
    for booking, link in zip(bookings, links, strict=True):
        mark = " · 已确认" if booking.confirmed_at else ""
        lines.append(f"{booking.code}{mark}\n{details(booking, now)}")
        name = booking.code if len(bookings) > 1 else ""
        taps += [
            Tap(f"改约{name}", id=f"booking_move.{booking.id}"),
            Tap(f"取消{name}", id=f"booking_cancel.{booking.id}"),
            Tap(f"加到日历{name}", url=link),
        ]
    return Say("你的预约：\n" + "\n".join(lines), (*taps, BOOK))


def sure_to_cancel(booking: Booking, now: datetime) -> Say:
    """Once more before a cancel."""
    return Say(
        f"取消 {booking.code}（{when(booking.starts_at, now)} {booking.professional.name}）吗？",
        (Tap("确定取消", id=f"booking_cancel.{booking.id}.yes"), Tap("先留着", id="bookings")),
    )


def cancelled(booking: Booking, now: datetime) -> Say:
    """It is off."""
    return Say(f"好，{when(booking.starts_at, now)} 的 {booking.code} 取消了。想好了再约。", (BOOK,))


def confirmed(booking: Booking, now: datetime) -> Say:
    """The worker will come."""
    return Say(f"好，{when(booking.starts_at, now)} 见。\n{booking.place.name}", (MINE,))


def soon(booking: Booking, now: datetime) -> Say:
    """A reminder."""
    return Say(
        f"提醒你：{details(booking, now)}\n来的话回 1，来不了回 2，位子留给别人。",
        (
            Tap("1 会来", "1", id=f"booking_confirm.{booking.id}"),
            Tap("2 取消", "2", id=f"booking_drop.{booking.id}"),
        ),
    )


def called_off(booking: Booking, near: Iterable[Slot], now: datetime) -> Say:
    """The other side had to cancel."""
    taps = tuple(
        Tap(
            slot_label(slot, now, with_day=True, with_name=True),
            id=f"slot.{booking.service_id}.{slot.professional_id}.{int(slot.starts_at.timestamp())}",
        )
        for slot in near
    )
    said = f"很抱歉，{when(booking.starts_at, now)} {booking.professional.name}来不了，{booking.code} 只好取消了。"
    return Say(f"{said}\n离得最近的还有：" if taps else f"{said}\n想另外约，回“预约”。", (*taps, BOOK))


def moved_for_you(booking: Booking, now: datetime) -> Say:
    """Staff moved it."""
    return Say(f"工作人员帮你改好了，{booking.code}：\n{details(booking, now)}", (MINE,))


def new_visit(booking: Booking, now: datetime) -> Say:
    """To the professional: somebody booked."""
    return Say(
        f"新预约 {booking.code}：{span(booking.starts_at, booking.ends_at, now)}，"
        f"{booking.service.name}，{booking.place.name}",
        (Tap("看详情", id=f"visit.{booking.id}"), TODAY),
    )


def visit_moved(booking: Booking, now: datetime) -> Say:
    """To the professional: somebody moved."""
    return Say(f"{booking.code} 改到 {span(booking.starts_at, booking.ends_at, now)}。", (TODAY,))


def visit_off(number: str, starts_at: datetime, now: datetime) -> Say:
    """To the professional: somebody does not come."""
    return Say(f"{when(starts_at, now)} 的 {number} 取消了，这个时间空出来了。", (TODAY,))


STATES = {"booked": "", "attended": "到场", "no_show": "未到"}


def day_plan(bookings: Sequence[Booking], day: date, now: datetime) -> Say:
    """今日安排."""
    head = f"{date_words(day, local(now).date())}："
    other = TOMORROW if day == local(now).date() else TODAY
    if not bookings:
        return Say(f"{head}没有预约。请假直接说，比如“周五下午请假”。", (other,))
    lines, taps = [], []
    for booking in bookings:
        state = STATES[booking.state] or ("已确认" if booking.confirmed_at else "")
        time = f"{clock(booking.starts_at)}–{clock(booking.ends_at)}"
        lines.append(f"{time} {booking.code} {booking.service.name} {state}".rstrip())
        taps.append(Tap(f"看{booking.code}", id=f"visit.{booking.id}"))
    return Say("\n".join([head, *lines]), (*taps, other))


def visit(booking: Booking, now: datetime) -> Say:
    """One booking with its reason, for its professional."""
    reason = f"\n想聊的：{booking.reason or '没有写'}" if booking.state != "cancelled" else ""
    state = STATES.get(booking.state, "已取消")
    head = f"{booking.code} {span(booking.starts_at, booking.ends_at, now)}"
    text = f"{head} {state}".rstrip() + f"\n{booking.service.name}，{booking.place.name}{reason}"
    if booking.state == "cancelled" or booking.starts_at > now:
        return Say(text, (TODAY,))
    return Say(
        text,
        (Tap("到场", id=f"visit_came.{booking.id}"), Tap("未到", id=f"visit_missed.{booking.id}"), TODAY),
    )


def marked(booking: Booking) -> Say:
    """到场/未到 was written down."""
    return Say(f"记下了，{booking.code} {STATES[booking.state]}。", (TODAY,))


HOW_BACK = Say("请好假的那条消息下面有“撤回请假”，点它就行；找不到了，回“人工”。", (TODAY, HUMAN))
WHEN_AWAY = Say("哪天请假？比如“周五下午请假”“明天 14:00 到 16:00 请假”“下周一请假”。", (TODAY,))


def away_sure(
    starts_at: datetime, ends_at: datetime, hit: Sequence[Booking], now: datetime, sure: str
) -> Say:
    """The bookings that an absence would hit, before it is entered."""
    lines = [f"{away_span(starts_at, ends_at, now)} 请假："]
    if hit:
        lines.append(f"会取消 {len(hit)} 个预约，我来通知他们，并给出最近的空档：")
        lines += [f"{when(one.starts_at, now)} {one.code} {one.service.name}" for one in hit[:10]]
        lines += ["……"] if len(hit) > 10 else []
    else:
        lines.append("没有碰到预约。")
    return Say("\n".join(lines), (Tap("确定请假", id=sure), Tap("先不请", id="day")))


def away(starts_at: datetime, ends_at: datetime, told: int, absence_id: int, now: datetime) -> Say:
    """The absence is entered."""
    said = f"好，{away_span(starts_at, ends_at, now)} 不再接预约。"
    if told:
        said += f"已经通知 {told} 位。"
    return Say(said, (Tap("撤回请假", id=f"back.{absence_id}"), TODAY))


def away_span(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """11月27日 周五 12:00–18:00, or whole days."""
    start, end = local(starts_at), local(ends_at)
    is_whole = (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0)
    if is_whole and (end.date() - start.date()).days == 1:
        day = date_words(start.date(), local(now).date())
        return f"{day}全天" if day.endswith("）") else f"{day} 全天"
    if start.date() == end.date():
        return f"{when(starts_at, now)}–{end:%H:%M}"
    return f"{when(starts_at, now)} 到 {when(ends_at, now)}"


BACK = Say("好，请假撤回了，这段时间又可以约了。之前取消的预约不会自己回来。", (TODAY,))


def year_missing(year: int) -> Say:
    """To staff: the calendar has no holidays of a year."""
    return Say(
        f"{year} 年的节假日和调休还没有录入，{year} 年的日子暂时约不了。请在 calendar.yaml 里补上，或找管理员。"
    )


REFUSALS |= {
    "slot_taken": Say("这个时间刚被约走了，再选一个？", (BOOK,)),
    "slot_closed": Say("这个时间约不了了，再选一个？", (BOOK,)),
    "booked_then": lambda number: Say(f"那时候你已经有预约 {number} 了，换个时间？", (MINE,)),
    "too_many_bookings": lambda limit: Say(f"你已经有 {limit} 个预约在等着了，来过或取消一个再约。", (MINE,)),
    "booking_gone": Say("没有找到这个预约。", (MINE,)),
    "booking_changed": Say("这个预约刚才已经变了，看看现在的样子。", (MINE,)),
    "cancel_late": lambda until: Say(
        f"可以自己取消的时间（{dated(until)} 前）已经过了。实在来不了，回“人工”。", (HUMAN, MINE)
    ),
    "move_late": lambda until: Say(
        f"可以自己改约的时间（{dated(until)} 前）已经过了。实在来不了，回“人工”。", (HUMAN, MINE)
    ),
    "no_professional": NOT_A_PROFESSIONAL,
    "not_yet": Say("还没到时间，开始以后再记。", (TODAY,)),
    "absence_over": Say("这段时间已经过去了，换一个？", (TODAY,)),
    "absence_long": lambda days: Say(f"一次最多请 {days} 天，分几次说吧。", (TODAY,)),
    "absence_changed": Say("刚才预约有了变化，再说一次请假，我重新算一遍。", (TODAY,)),
    "absence_gone": Say("没有找到这次请假。", (TODAY,)),
}
