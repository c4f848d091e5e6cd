"""What is said about cards, profiles and meeting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.replies import Say, Tap
from bot.texts import HUMAN, REFUSALS
from bot.texts.times import clock, month_day

if TYPE_CHECKING:
    from models.events import Meeting
    from models.matchmaking import Mark, Profile

FIND = Tap("找对象")
PROFILE_TAP = Tap("我的资料卡")
MAKE_PROFILE = Tap("现在做", id="profile")
LOOK_ON = Tap("先看看别人", id="find")
SEX = {"m": "男", "f": "女"}
MARITAL = {"never": "未婚", "divorced": "离异", "widowed": "丧偶"}


class Face(Protocol):
    """What a card shows of a person."""

    @property
    def nickname(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def birth_year(self) -> int: ...
    @property
    def height_cm(self) -> int: ...
    @property
    def trade(self) -> str: ...
    @property
    def home_town(self) -> str: ...
    @property
    def line(self) -> str: ...


def face(one: Face) -> str:
    """The two lines of a card."""
    facts = (
        one.nickname,
        SEX[one.sex],
        f"{one.birth_year % 100:02d}年",
        one.trade,
        f"{one.height_cm}cm",
        f"{one.home_town}人",
    )
    return f"{' · '.join(facts)}\n“{one.line}”"


def card(one: Face, token: str, where: str, *, welcome: bool = False) -> Say:
    """The answer to a scan."""
    head = f"欢迎来到「工会幸福牵手」。\n你扫的是 {where}：" if welcome else f"{where}："
    return Say(f"{head}\n{face(one)}", card_taps(token))


def card_taps(token: str) -> tuple[Tap, ...]:
    """What can be done with a card."""
    return (
        Tap("想认识TA", id=f"meet.{token}"),
        Tap("收藏", id=f"keep.{token}"),
        Tap("不合适", id=f"pass.{token}"),
        Tap("举报", id=f"report.{token}"),
        block(token),
    )


def block(whom: str | int) -> Tap:
    """Never again: the owner of a card, or the other one of a wish."""
    return Tap("拉黑", id=f"block.{whom}")


def place(wall: int, position: str) -> str:
    """Where a card hangs."""
    return f"{wall}号墙 {position}"


def own_card(where: str) -> Say:
    """Somebody scanned their own card."""
    return Say(
        f"这是你自己的卡片（{where}），别人扫到的就是它。想改内容或先不接受，看「我的资料卡」。",
        (PROFILE_TAP,),
    )


def suggestion(one: Face, token: str, where: str, profile_id: int) -> Say:
    """A card that fits."""
    return Say(f"{where}：\n{face(one)}", (*card_taps(token)[:3], another(profile_id), block(token)))


def another(profile_id: int) -> Tap:
    """The card after this one."""
    return Tap("换一张", id=f"next.{profile_id}")


NO_MORE = Say("这会儿合适的都看过了，有新卡片再来看。改改“想找的年份”，也许会多几位。", (PROFILE_TAP,))
NO_MORE_YET = Say("这会儿挂着的都看过了。做一张你的资料卡，就能帮你挑更合适的。", (MAKE_PROFILE,))
WHOM = Say("想看看谁的卡片？", (Tap("女生", id="whom.f"), Tap("男生", id="whom.m")))
GONE = Say("这张卡片现在看不了。可以去别的墙逛逛，或者回“找对象”。", (FIND,))


def asked(nickname: str) -> Say:
    """The wish was passed on."""
    return Say(f"好，已经问{nickname}了。有回音马上告诉你，先逛逛别的墙吧。", (FIND,))


def asked_already(nickname: str) -> Say:
    """A second wish while the first is open."""
    return Say(f"已经替你问过{nickname}了，还在等回音，不用再问一次。", (FIND,))


def asked_after_review(nickname: str) -> Say:
    """The wish waits for the asker's own profile."""
    return Say(f"记下了。你的资料卡审核通过，就去问{nickname}。", (FIND,))


def profile_needed(nickname: str) -> Say:
    """Who wants to know others is known first."""
    return Say(
        f"想认识别人，先让别人认识你。做一张你的资料卡，两三分钟，做完我们接着帮你约{nickname}。",
        (MAKE_PROFILE, LOOK_ON),
    )


def profile_taken(nickname: str | None) -> Say:
    """A profile was handed in."""
    then = (
        f"通过后会自动把你的心意带给{nickname}，这里会通知你。"
        if nickname
        else "通过后会告诉你编号，这里会通知你。"
    )
    return Say(f"收到，工作人员一般两小时内审核。{then}", (FIND,))


def receipt(profile_id: int) -> str:
    """The number by which a profile that was handed in can be asked for."""
    return f"资料编号 {profile_id}。"


def kept(nickname: str, token: str) -> Say:
    """收藏."""
    return Say(
        f"收好了。回“我的收藏”，随时再看{nickname}。", (Tap("想认识TA", id=f"meet.{token}"), Tap("我的收藏"))
    )


def passed(profile_id: int) -> Say:
    """不合适."""
    return Say("好，不再推给你。", (another(profile_id),))


def reported(nickname: str, token: str) -> Say:
    """举报."""
    return Say(
        f"谢谢你说出来，工作人员会去核实{nickname}的资料。不想再看到TA，点“拉黑”。",
        (block(token), HUMAN),
    )


def blocked(mark: Mark) -> Say:
    """拉黑."""
    return Say(
        f"好，你和{_seen_as(mark)}从现在起互相看不到，TA不会知道。改主意了，回“我的黑名单”。",
        (Tap("取消拉黑", id=f"unblock.{mark.profile_id}"), FIND),
    )


def blocked_list(marks: Sequence[Mark]) -> Say:
    """我的黑名单."""
    if not marks:
        return Say("你没有拉黑谁。在卡片下面点“拉黑”，你们就互相看不到了。", (FIND,))
    lines = [f"{number}. {_seen_as(one)}，{month_day(one.at)}" for number, one in enumerate(marks, 1)]
    taps = tuple(
        Tap(f"取消拉黑 {number}", id=f"unblock.{one.profile_id}") for number, one in enumerate(marks, 1)
    )
    return Say("你拉黑的人，TA不会知道：\n" + "\n".join(lines), taps)


def unblocked(mark: Mark | None) -> Say:
    """Taken back; nothing is said about what the other one does."""
    if mark is None:
        return Say("这位已经不在你的黑名单里了。", (FIND,))
    return Say(f"好，不再拦着{_seen_as(mark)}了。", (FIND,))


def _seen_as(mark: Mark) -> str:
    return mark.seen_as or "这位"


def favourites(cards: list[tuple[str, str, str]]) -> Say:
    """The kept cards: (place, line of the face, token)."""
    if not cards:
        return Say("还没有收藏。看到喜欢的卡片，点一下“收藏”就在这儿了。", (FIND,))
    lines = [f"{number}. {where} {name}" for number, (where, name, _) in enumerate(cards, 1)]
    taps = tuple(Tap(f"看 {number}", id=f"card.{token}") for number, (_, _, token) in enumerate(cards, 1))
    return Say("你的收藏：\n" + "\n".join(lines), taps)


def my_profile(one: Profile, where: str | None) -> Say:
    """我的资料卡 by state."""
    taps: tuple[Tap, ...]
    if one.state == "in_review":
        head, taps = "你的资料卡在审核，一般两小时内有结果。", (Tap("修改资料卡", id="edit"),)
    elif one.state == "refused":
        head, taps = "你的资料卡还差一点，改好再交就行。", (Tap("修改资料卡", id="edit"), HUMAN)
    elif one.state == "paused":
        head, taps = (
            "你的资料卡先收起来了，别人看不到。",
            (Tap("恢复接受", id="resume"), Tap("修改资料卡", id="edit")),
        )
    elif one.state == "withdrawn":
        return Say("你的资料卡撤下了。想回来随时可以重做一张。", (MAKE_PROFILE,))
    else:
        head = f"你的资料卡在 {where}：" if where else "你的资料卡通过了："
        taps = (Tap("暂停接受", id="pause"), Tap("修改资料卡", id="edit"), Tap("撤下资料卡", id="withdraw"))
    return Say(f"{head}\n{face(one)}", taps)


def ask_photos(room: int, *, is_listed: bool) -> str:
    """Photos for one's profile."""
    lines = (
        f"想加哪几张照片？最多 {room} 张，一张一张来。",
        "只有审核的工作人员看得到，不会公开。",
        "加了照片，资料卡要重新审核，这期间卡片先不给别人看。" if is_listed else "",
    )
    return "\n".join(line for line in lines if line)


def photos_taken(count: int) -> Say:
    """Photos were handed in."""
    return Say(f"好，{count} 张都加上了，等工作人员看过就行。", (PROFILE_TAP,))


PHOTO_TAP = Tap("加照片", id="photos")
PHOTO_OFFER = Say("图片我看不懂。是想放进资料卡的照片吗？", (Tap("放进资料卡", id="picture"), HUMAN))
PHOTO_REASONS = {
    "unreadable": "这张打不开。换一张 JPG 或 PNG 的照片再试。",
    "too_large": "这张太大了。换一张小一点的，或者截个图再试。",
    "too_small": "这张太小了，看不清。换一张大一点的再试。",
    "gone": "这张没有收到。再发一次就好。",
}


def photo_lost(why: str) -> Say:
    """A photo that was sent in the chat is none, or could not be fetched."""
    return Say(f"刚才的照片里，有一张没能收下：{PHOTO_REASONS[why]}", (PHOTO_TAP,))


NO_PROFILE = Say("你还没有资料卡。做一张两三分钟，别人就能认识你了。", (MAKE_PROFILE,))
PAUSED = Say("好，从现在起别人看不到你的卡片。想回来点一下就行。", (Tap("恢复接受", id="resume"),))
RESUMED = Say("欢迎回来，你的卡片又能看到了。", (FIND,))
CHANGING = "之前填的都在。先看这一条，同意以后再挑要改的。"
WITHDRAW_SURE = Say(
    "撤下以后卡片作废，联系方式也会删掉。确定吗？",
    (Tap("确定撤下", id="withdraw.yes"), Tap("先不撤", id="mine")),
)
WITHDRAWN = Say("撤下了，卡片不再有效，联系方式也删了。祝你一切都好。")


def meeting_off(starts_at: datetime) -> Say:
    """A table is free again."""
    return Say(
        f"{clock(starts_at)} 那次见面取消了：对方这次来不了。桌子让给别人了，不用跑一趟。",
        (Tap("再看看", id="find"),),
    )


def contact(one: Profile) -> str:
    """What the other side chose to share."""
    if one.contact and one.contact_kind == "wechat":
        return f"TA的微信号：{one.contact}"
    if one.contact and one.contact_kind == "phone":
        return f"TA的手机号：{one.contact}"
    return "TA选择先见面再换联系方式。"


def yes_said(other: Profile, meeting: Meeting | None, *, minutes: int, now: datetime) -> Say:
    """To the one who said yes."""
    if meeting is None:
        return Say(f"好，已经告诉{other.nickname}你愿意。\n{contact(other)}")
    left = round((meeting.starts_at - now).total_seconds() / 60)
    if left < 1:
        return Say(
            f"你们约的是 {clock(meeting.starts_at)}，{meeting.table_number}号桌，聊{minutes}分钟。\n{contact(other)}"
        )
    return Say(
        f"好。你们俩都在现场：{clock(meeting.starts_at)}，{meeting.table_number}号桌，聊{minutes}分钟。"
        f"还有 {left} 分钟，不急。\n{contact(other)}"
    )


def yes_heard(other: Profile, meeting: Meeting | None, *, minutes: int) -> Say:
    """To the one who asked."""
    if meeting is None:
        return Say(f"{other.nickname}愿意认识你。\n{contact(other)}\n大方打个招呼吧。")
    return Say(
        f"{other.nickname}愿意见见你。{clock(meeting.starts_at)}，{meeting.table_number}号桌，{minutes}分钟。"
        f"先去喝口水也来得及。\n{contact(other)}"
    )


def both_here(other: Profile, meeting: Meeting, *, minutes: int) -> Say:
    """To both who said yes to each other, when the second has come."""
    return Say(
        f"你和{other.nickname}都到了。{clock(meeting.starts_at)}，{meeting.table_number}号桌，{minutes}分钟。"
        "先去喝口水也来得及。"
    )


NO_SAID = Say("好，不会让对方难堪，只会显示没有回音。", (Tap("我的资料卡"),))
LATER_SAID = Say("不急，想好了再回。过了时间没回，对方只会看到没有回音。")


def somebody_asks(one: Face, request_id: int) -> Say:
    """To the one who is asked: the asker's own card."""
    return Say(
        f"有人想认识你：\n{face(one)}\n（婉拒不会让对方难堪，只会显示没有回音）",
        (
            Tap("愿意见见", id=f"yes.{request_id}"),
            Tap("婉拒", id=f"no.{request_id}"),
            Tap("晚点再说", id=f"later.{request_id}"),
            block(request_id),
        ),
    )


def no_answer(nickname: str) -> Say:
    """No answer, whatever the reason."""
    return Say(f"{nickname}这次没有回音。缘分在别处，再看看别的卡片？", (FIND,))


def listed(where: str | None, asked_nicknames: list[str]) -> Say:
    """A profile was approved."""
    text = "你的资料卡通过了"
    text += f"，编号 {where}，可以到服务台领打印卡。" if where else "。"
    if asked_nicknames:
        text += f"已经问过{'、'.join(asked_nicknames)}了，有回音就告诉你。"
    return Say(text, () if asked_nicknames else (FIND,))


def not_listed(reason: str) -> Say:
    """A profile was refused, with the reviewer's reason."""
    return Say(f"你的资料卡还差一点：{reason}\n改好再交就行。", (Tap("修改资料卡", id="edit"), HUMAN))


def meeting_soon(table: int, at: datetime) -> Say:
    """The reminder before a meeting."""
    return Say(f"差不多了，{clock(at)}，{table}号桌，慢慢走过去就好。")


def meeting_over(table: int, minutes: int) -> Say:
    """The bell."""
    return Say(f"{minutes}分钟到了，{table}号桌要让给下一对。聊得来就换个地方接着聊。")


def checked_in(title: str, *, is_new: bool) -> Say:
    """Arrived at a fair."""
    if not is_new:
        return Say(f"你已经签过到了，好好逛逛「{title}」。", (FIND, PROFILE_TAP))
    return Say(f"到啦，签到好了。「{title}」欢迎你，扫墙上的码就能认识人。", (FIND, PROFILE_TAP))


SCAN_TO_CHECK_IN = Say("签到请扫门口的签到码，用微信“扫一扫”就行。")

REFUSALS |= {
    "card_gone": GONE,
    "onsite_only": Say("这面墙只给到场的朋友看，先在门口扫一下签到码再来。"),
    "own_card": Say("这是你自己的卡片，别人扫到的就是它。", (PROFILE_TAP,)),
    "profile_needed": profile_needed,
    "profile_refused": Say("你的资料卡还差一点，改好通过了就能约人。", (Tap("修改资料卡", id="edit"),)),
    "profile_paused": Say("你的资料卡正收着，先恢复了再约人。", (Tap("恢复接受", id="resume"),)),
    "no_fit": Say("你们想找的不太一样，先不打扰TA了。看看别的卡片？", (FIND,)),
    "asked_before": lambda nickname: Say(f"前阵子问过{nickname}，没有回音。先看看别的卡片吧。", (FIND,)),
    "too_many_open": lambda limit: Say(f"你已经有 {limit} 个在等回音了，等有了回音再约下一位。", (FIND,)),
    "too_many_today": lambda limit: Say(f"今天约了 {limit} 位了，明天再来，慢慢挑。"),
    "card_busy": lambda nickname: Say(f"这会儿约{nickname}的人有点多，过一小时再试。", (FIND,)),
    "nobody_asks": Say("现在没有等你回音的。有人想认识你，这里会告诉你。", (FIND,)),
    "said_yes": Say("你说过愿意，对方已经知道了。要是不想见了，回“人工”，我们帮你说。", (HUMAN,)),
    "said_no": Say("这位你婉拒过了。改主意的话，去找找TA的卡片，这回由你来问。", (FIND,)),
    "request_gone": Say("这条已经过了时间，或者对方改了主意。别往心里去。", (FIND,)),
    "profile_move": lambda before, after: Say(
        "你的资料卡还没挂上墙，先不用动。"
        if before in ("in_review", "refused")
        else "资料卡刚刚变动过，再看一眼。",
        (PROFILE_TAP,),
    ),
    "no_profile": NO_PROFILE,
    "photo_no_profile": Say("照片放在资料卡里。先做一张资料卡，两三分钟，再来加照片。", (MAKE_PROFILE,)),
    "photo_withdrawn": Say("资料卡撤下了，照片先不用加。想回来随时可以重做一张。", (MAKE_PROFILE,)),
    "photos_full": lambda most: Say(
        f"已经有 {most} 张了。在网页的“我的照片”里去掉一张，就能再加。", (Tap("网页办理"),)
    ),
    "event_closed": Say("这个签到码现在用不了，活动可能还没开门，或者已经结束了。"),
}
