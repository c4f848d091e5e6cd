"""What is said about exams, signing up for them, and places that come free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.replies import Say, Tap
from bot.texts import HUMAN, REFUSALS
from bot.texts.times import dated, when

if TYPE_CHECKING:
    from models.exams import SignUp, Sitting

EXAMS = Tap("考试")
MINE = Tap("我的报名")
LEVELS = {1: "一级", 2: "二级", 3: "三级", 4: "四级", 5: "五级"}


def title(trade: str, level: int) -> str:
    """仓库保管员（四级）."""
    return f"{trade}（{LEVELS[level]}）"


def title_of(sitting: Sitting) -> str:
    """The trade and level of a sitting."""
    return title(sitting.level.trade.name, sitting.level.level)


def room(free: int, waiting: int) -> str:
    """How many places there are, or how many wait."""
    if free:
        return f"还有 {free} 个名额"
    return f"已满，可候补，前面 {waiting} 人" if waiting else "已满，可候补"


def opens(name: str, opens_at: datetime) -> str:
    """A sitting that cannot be signed up for yet."""
    return f"{name} {dated(opens_at)} 开始报名"


def nothing_open(coming: Sequence[str]) -> Say:
    """No sitting can be signed up for now."""
    if not coming:
        return Say("现在没有正在报名的考试。开了新的，回“考试”就能看到。", (HUMAN,))
    return Say("现在还没有开放报名的：\n" + "\n".join(coming) + "\n到时候回“考试”就行。", (EXAMS,))


def age_words(least: int) -> str:
    """An age, as a requirement says it of itself."""
    return f"考试当天满 {least} 周岁"


def prior_words(level: int) -> str:
    """A lower level, as a requirement says it of itself."""
    return f"已有这个工种的{LEVELS[level]}证书"


def service_words(months: int) -> str:
    """Experience, as a requirement says it of itself."""
    years, rest = divmod(months, 12)
    length = f"{years} 年" if years and not rest else f"{months} 个月"
    return f"做这个工种满 {length}"


def placed(number: str, name: str, sitting: Sitting) -> Say:
    """Signed up, with a place."""
    return Say(
        f"报好了，报名号 {number}。\n{name}，{dated(sitting.starts_at)}，{sitting.place}。\n"
        f"来不了就早点撤回，名额能让给后面的人。",
        (MINE,),
    )


def queued(number: str, name: str, ahead: int) -> Say:
    """Signed up, without a place."""
    before = f"前面还有 {ahead} 人" if ahead else "你排第一个"
    return Say(
        f"名额满了，先替你排上候补，{before}。报名号 {number}。\n"
        f"{name}有人退出就按顺序通知，到你了这里会告诉你。",
        (MINE,),
    )


def receipt(number: str) -> str:
    """What a second 提交 is told."""
    return f"报名号 {number}。"


def line(one: SignUp, number: int, *, ahead: int, until: datetime | None, now: datetime) -> str:
    """One sign-up in 我的报名."""
    where = f"{dated(one.sitting.starts_at)}，{one.sitting.place}"
    if one.state == "placed":
        state = "有名额，记得来考"
    elif one.state == "offered" and until is not None:
        state = f"轮到你了，名额留到{when(until, now)}"
    else:
        state = f"候补中，前面 {ahead} 人" if ahead else "候补中，下一个就是你"
    return f"{number}. {title_of(one.sitting)}\n{where}\n报名号 {one.number}，{state}"


def mine(lines: Sequence[str], taps: tuple[Tap, ...]) -> Say:
    """我的报名."""
    return Say("\n".join(lines), (*taps, EXAMS))


def offer_taps(sign_up_id: int, number: int = 0) -> tuple[Tap, ...]:
    """A yes or no to a place on offer."""
    which = f" {number}" if number else ""
    return Tap(f"接受{which}", id=f"exam_yes.{sign_up_id}"), Tap(f"放弃{which}", id=f"exam_no.{sign_up_id}")


def withdraw_tap(sign_up_id: int, number: int) -> Tap:
    """Give up a sign-up."""
    return Tap(f"撤回 {number}", id=f"exam_withdraw.{sign_up_id}")


NOTHING = Say("你现在没有报着名的考试。", (EXAMS,))


def withdraw_sure(one: SignUp) -> Say:
    """Asks once more."""
    lost = "名额会马上让给后面的人" if one.state != "waiting" else "候补的位子就没有了"
    return Say(
        f"真的要撤回“{title_of(one.sitting)}”的报名吗？撤了{lost}，想再报得重新排。",
        (Tap("确定撤回", id=f"exam_withdraw.{one.id}.yes"), Tap("不撤了", id="exam_stay")),
    )


def withdrawn(one: SignUp) -> Say:
    """Gone."""
    return Say(f"撤回了，报名号 {one.number} 不再有效。下次想考再来。", (EXAMS,))


STAYED = Say("好，报名还在，到时候见。", (MINE,))


def accepted(one: SignUp) -> Say:
    """A place on offer was taken."""
    return Say(
        f"名额是你的了，报名号 {one.number}。\n"
        f"{title_of(one.sitting)}，{dated(one.sitting.starts_at)}，{one.sitting.place}。",
        (MINE,),
    )


DECLINED = Say("好，名额让给下一位了。想考别的场次，回“考试”。", (EXAMS,))


def offer(one: SignUp, until: datetime, *, now: datetime) -> Say:
    """A place came free for somebody on the waiting list."""
    return Say(
        f"有名额了：{title_of(one.sitting)}，{dated(one.sitting.starts_at)}，{one.sitting.place}。\n"
        f"替你留到{when(until, now)}，过了就给下一位。",
        offer_taps(one.id),
    )


def offer_over(one: SignUp) -> Say:
    """The time of an offer is over."""
    return Say(
        f"“{title_of(one.sitting)}”替你留的名额到点了，已经给了下一位。还想考，可以再报一次，从候补排起。",
        (EXAMS,),
    )


REFUSALS |= {
    "sitting_gone": Say("这一场现在报不了了。看看别的场次？", (EXAMS,)),
    "sitting_not_open": lambda opens_at: Say(f"这一场 {dated(opens_at)} 才开始报名，到时候再来。", (EXAMS,)),
    "sitting_closed": Say("这一场已经截止报名了，下次早点来。看看别的场次？", (EXAMS,)),
    "not_eligible": lambda words: Say(f"这一场要{words}，这次还差一点。看看别的场次？", (EXAMS, HUMAN)),
    "signed_up": lambda number: Say(f"这一场你已经报过了，报名号 {number}，不用再报。", (MINE,)),
    "person_signed_up": Say("这个身份证号在这一场已经报过名了。不是你报的话，回“人工”帮你查。", (HUMAN,)),
    "signed_up_meanwhile": Say("刚刚有一份一样的交上来了，回“我的报名”看一眼。", (MINE,)),
    "sign_up_gone": Say("这个报名已经不在了。", (MINE, EXAMS)),
    "exam_begun": Say("考试已经开始，撤不了了。有特殊情况回“人工”。", (HUMAN,)),
    "no_offer": Say("现在没有等你答复的名额。轮到你了，这里会告诉你。", (MINE,)),
    "offer_over": Say("这个名额已经过了时间，给了下一位。还想考，可以再报一次。", (EXAMS,)),
}
