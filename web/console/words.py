"""What staff read that is not part of a template: refusals, states, and how values are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from bot.texts import UNION_LEVELS
from bot.texts.figures import few
from bot.texts.logins import ROLES, WAYS, browser
from bot.texts.matchmaking import MARITAL, SEX
from bot.texts.times import day_label
from core.clock import local
from core.errors import Refused
from models.appointments import Booking, BookingState

ERRORS: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        400: ("没有看懂这个请求", "回到上一页，刷新以后再试一次。"),
        404: ("没有找到", "这一页不存在，或者不在你的管辖范围内。"),
        405: ("不能这样打开", "回到首页，从菜单里进去。"),
        413: ("内容太大了", "少填一些，或者换一个小一点的文件再试。"),
        429: ("试得太频繁了", "歇一分钟再来，前面填的不会丢。"),
        500: ("系统出了点问题", "不是你操作的原因，已经记下来了。过一会儿再试；还不行，请找系统管理员。"),
        503: ("这会儿有点忙", "这一步没有存下来。过一分钟，回到上一页再试一次。"),
    }
)

_REFUSALS: Final[Mapping[str, str | Callable[..., str]]] = MappingProxyType(
    {
        "profile_move": "刚才已经有同事处理过了，或者本人撤下了。",
        "profile_changed": "本人刚刚改过资料，请把新的再看一遍。",
        "own_profile": "这是你自己的资料卡，请别的同事来审。",
        "reason_needed": "退回要写明原因，本人会看到。",
        "answer_needed": "要写回什么话，本人会看到。",
        "answer_too_long": lambda limit, **_: f"太长了，最多 {limit} 个字。",
        "bound_staff": "这是同事的微信。先到“同事”里重新邀请（解绑微信），再来处理。",
        "just_gone": "这份记录刚刚注销了，或者和别的记录合并了，这次没有再改什么。",
        "two_profiles": "两条记录各有一张资料卡。请本人先撤下一张，再合并。",
        "profile_on_other": "在用的资料卡在另一条记录上。点“换过来”，保留那一条。",
        "bookings_overlap": lambda first, second, **_: f"预约 {first} 和 {second} 时间重叠，先取消一个。",
        "same_sitting": lambda first, second, **_: (
            f"报名 {first} 和 {second} 是同一场考试，请本人先撤回一个。"
        ),
        "handover_closed": "这个对话刚才已经有同事处理了。",
        "login_refused": "登录名、密码或验证码不对，请再核对一遍。",
        "login_locked": lambda until, **_: f"试错的次数太多了，请在 {clock(until)} 以后再试。",
        "old_refused": "现在的密码不对。",
        "factor_refused": "验证码不对。看看手机上最新的六位数字，再填一次。",
        "factor_used": "这个验证码刚用过，等手机上换一个新的再填。",
        "totp_needed": "还没有设手机验证器，请用邀请链接设好再来。",
        "password_needed": "还没有密码。请用邀请链接设一个，或者扫码登录以后在“我的登录”里定一个。",
        "invitation_gone": "这个邀请链接已经用过，或者过期了。请管理员重新发一个。",
        "password_short": lambda least, **_: f"太短了，至少 {least} 个字。",
        "password_long": lambda most, **_: f"太长了，最多 {most} 个字。",
        "password_login": "密码里不要有登录名或姓名。",
        "password_common": "这个密码太常见，容易被猜到，换一个。",
        "scan_gone": "这个码过期了，请换一个新的。",
        "scan_denied": "手机上点了“不是我”，这次没有登录。",
        "scan_elsewhere": "换了网络或浏览器，这次没有登录。请再扫一次。",
        "scan_busy": "这里换码换得太频繁了，过几分钟再来，或者用密码登录。",
        "bad_login": "登录名用小写字母开头，只含小写字母、数字、点、横线和下划线，2 到 40 个字。",
        "login_taken": "这个登录名已经有人用了。",
        "worker_taken": "这个微信已经对应另一位同事。",
        "role_above": "不能给比自己更高的角色，也不能改角色比自己高的同事。",
        "own_account": "不能对自己这样做，请另一位管理员来。",
        "name_taken": "这个名字已经有单位用了。",
        "too_deep": "单位最多四级，这样就太深了。",
        "into_itself": "不能挂到自己下面。",
        "bad_name": lambda limit, **_: f"写 2 到 {limit} 个字的名字。",
        "wall_taken": "这个墙号已经有了，换一个。",
        "bad_title": lambda limit, **_: f"写 1 到 {limit} 个字的名字。",
        "card_revoked": "这张卡片刚才已经作废了。",
        "card_exists": "已经有卡片挂着了。",
        "wall_busy": "这个位置刚才有新卡片挂上来，刷新看看，再试一次。",
        "bad_position": "没有这个位置。写成 A-01 这样，或者一个数字。",
        "staff_disabled": "这位同事停用了，先恢复再重新邀请。",
    }
)


def refusal(refused: Refused) -> str:
    """The sentence for a rule's no."""
    said = _REFUSALS.get(refused.code, "现在不能这样做。刷新看看最新的情况，再试一次。")
    return said if isinstance(said, str) else said(**refused.facts)


CONTACT: Final = MappingProxyType({"phone": "手机号", "wechat": "微信号", "none": "见面再说"})
PROFILE_STATES: Final = MappingProxyType(
    {
        "in_review": "待审",
        "listed": "已上墙",
        "refused": "已退回",
        "paused": "本人暂停",
        "withdrawn": "已撤下",
    }
)
SOURCES: Final = MappingProxyType({"environment": "环境变量", "secret file": "密钥文件", "file": "设置文件"})
ACTS: Final = MappingProxyType(
    {
        "profile_approve": "通过资料卡",
        "profile_refuse": "退回资料卡",
        "handover_answer": "回复对话",
        "handover_close": "关闭对话",
        "handover_read": "看对话",
        "worker_read": "查看职工",
        "contact_read": "查看联系方式",
        "worker_export": "应本人要求导出",
        "worker_erase": "应本人要求注销",
        "worker_merge": "合并记录",
        "wechat_bind": "绑定微信",
        "wechat_unbind": "解绑微信",
        "photo_read": "查看照片",
        "staff_add": "请来同事",
        "staff_disable": "停用同事",
        "staff_enable": "恢复同事",
        "login_set_up": "设好登录",
        "login_reset": "重设登录",
        "login_end": "退出登录",
        "password_change": "换密码",
        "exam_add": "安排考试",
        "exam_quota": "改考试名额",
        "exam_export": "导出考试名单",
        "exam_export_ids": "完整导出考试名单",
        "waiting_read": "查看候补",
        "tag_fetch": "取标签",
        "broadcast_approve": "批准群发",
        "broadcast_send": "发出群发",
        "broadcast_arrived": "群发未知的当作到了",
        "broadcast_again": "群发未知的再发一次",
        "broadcast_looked": "看过群发对不上的",
        "audit_search": "查操作记录",
        "audit_read": "打开操作记录",
        "audit_export": "导出操作记录",
        "figures_export": "导出数据",
        "figures_wall": "把数据放上大屏",
        "worker_move": "移到别的单位",
        "import": "导入文件",
        "organisation_add": "新增单位",
        "organisation_rename": "改单位名",
        "organisation_move": "移动单位",
        "calendar_change": "改节假日",
        "fair_add": "安排相亲会",
        "door_print": "做签到码",
        "service_add": "新增预约项目",
        "offer_set": "定好预约项目",
        "hours_set": "改可约时间",
        "bookings_read": "查看预约",
        "booking_cancel": "取消预约",
        "booking_move": "改预约时间",
        "wall_add": "新建墙",
        "wall_rename": "改墙名",
        "wall_print": "打印墙",
        "card_print": "打印卡片",
        "card_hang": "挂卡片",
        "card_move": "移动卡片",
        "card_revoke": "作废卡片",
        "card_reissue": "换新卡片",
        "export": "导出列表",
        "export_whole": "完整导出列表",
    }
)


FACTS: Final = MappingProxyType(
    {
        "state": "状态", "card": "卡片", "wall": "墙", "position": "位置",
        "title": "板块", "name": "名称", "login": "登录名", "role": "角色",
        "organisation": "单位", "union": "单位", "worker": "职工", "keep_wechat": "保留微信",
        "above": "上级单位", "works_as": "安排", "quota": "名额", "people": "人数",
        "version": "版本", "starts_at": "时间", "professional": "专业人士", "service": "预约项目",
        "place": "地点", "weekday": "星期", "day": "日期", "hours": "时间段",
        "keep": "留下的记录", "gone": "合进去的记录", "rows": "行数", "changed": "变了的",
        "digest": "内容的记号", "filter": "筛选", "kind": "格式", "of": "哪些数据",
        "cards": "卡片数", "part": "第几部分", "posters": "大卡片", "who": "谁",
        "act": "做了什么", "about": "对象", "since": "从", "until": "到",
    }
)  # fmt: skip
"""What changed, or was asked for, by its name in a row of the audit."""
_VALUES: Final = MappingProxyType(
    {
        **PROFILE_STATES,
        **ROLES,
        "booked": "约好了",
        "cancelled": "已取消",
        "attended": "到场",
        "no_show": "未到",
    }
)


def fact(value: Any) -> str:
    """A value in a row of the audit, as far as it has words."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        return "，".join(f"{FACTS.get(name, name)} {fact(one)}" for name, one in value.items()) or "—"
    return "、".join(map(fact, value)) if isinstance(value, list) else _VALUES.get(str(value), str(value))


SUBJECTS: Final = MappingProxyType(
    {
        "worker": "职工",
        "staff": "同事",
        "profile": "资料卡",
        "handover": "对话",
        "wall": "墙",
        "card": "卡片",
        "booking": "预约",
        "service": "预约项目",
        "event": "相亲会",
        "exam": "考试",
        "broadcast": "群发",
        "batch": "群发的批次",
        "tag": "标签",
        "organisation": "单位",
        "union": "数据",
        "day": "节假日",
        "import": "导入",
        "list": "列表",
        "audit": "操作记录",
    }
)
"""On what something was done, by the first half of a row's subject."""
JOBS: Final = MappingProxyType(
    {
        "expire requests": "结束过期的“想认识TA”",
        "remind dialogs": "提醒没填完的表",
        "erase dialogs": "清掉过期的草稿",
        "pass on places": "候补递补名额",
        "finish persons": "办完注销、合并和导出",
        "forget": "清掉到期的记录",
        "fetch photos": "取聊天里发来的照片",
        "sweep photos": "清掉没用的照片",
        "remind bookings": "提醒预约",
        "warn of year": "提醒录入节假日",
        "make codes": "做二维码",
        "heard": "记下谁来过",
        "figures": "数每周的数据",
        "learn names": "整理称呼首字母",
        "learn shape": "整理数据库统计",
        "broadcasts": "推进群发",
        "redo late messages": "补办先收下的消息",
        "write down looks": "记下扫码次数",
    }
)


COUNTED: Final = MappingProxyType(
    {
        "profile": "资料卡",
        "booking": "预约",
        "exam_sign_up": "考试报名",
        "notice": "消息",
        "handover": "对话",
        "check_in": "签到",
        "mute": "退订",
    }
)
"""What hangs on a record, by the name of its table."""


def clock(moment: datetime | None) -> str:
    """A moment as staff read it."""
    return f"{local(moment):%Y-%m-%d %H:%M}" if moment else "—"


def greeting(now: datetime) -> str:
    """What one says at this time of day."""
    hour = local(now).hour
    if not 4 <= hour < 18:
        return "晚上好"
    return "早上好" if hour < 11 else "中午好" if hour < 13 else "下午好"


def day(moment: datetime | None) -> str:
    """A date."""
    return f"{local(moment):%Y-%m-%d}" if moment else "—"


def today(now: datetime) -> str:
    """今天 11月23日 周一."""
    return day_label(local(now).date(), local(now).date())


def hour(moment: datetime) -> str:
    """A time of day."""
    return f"{local(moment):%H:%M}"


def since(moment: datetime, now: datetime) -> str:
    """How long ago, as one says it."""
    gone = now - moment
    if gone < timedelta(minutes=1):
        return "刚刚"
    if gone < timedelta(hours=1):
        return f"{gone // timedelta(minutes=1)} 分钟"
    if gone < timedelta(days=1):
        return f"{gone // timedelta(hours=1)} 小时"
    return f"{gone.days} 天"


def masked(value: str | None) -> str:
    """Enough of a number or a name to recognise it by: 138****1234, wx***, 王*."""
    if not value:
        return "—"
    if value.isdecimal() and len(value) >= 11:
        return f"{value[:3]}****{value[-4:]}"
    if value.isascii():
        return f"{value[:2]}***"
    return f"{value[0]}{'*' * min(len(value) - 1, 2)}"


def openid(value: str) -> str:
    """The end of an openid: two people can be told apart by it, nobody can be written to."""
    return f"…{value[-4:]}"


def origin(value: str) -> str:
    """Where somebody sat, from what a request told: the address, and the browser as people call it."""
    address, _, rest = value.partition(" ")
    return f"{address} {browser(rest)}" if rest else {"command": "服务器命令"}.get(value, value)


def subject(value: str) -> str:
    """On what something was done: 职工 5 for worker:5. What has no word is shown as it stands."""
    kind, colon, number = value.partition(":")
    return f"{SUBJECTS.get(kind, kind)}{' ' if colon else ''}{number}"


def subject_of(said: str) -> str:
    """The same read back, also without the gap; what is no such word is taken as it stands."""
    for kind, word in SUBJECTS.items():
        if said.startswith(word) and (number := said.removeprefix(word).strip()).isdecimal():
            return f"{kind}:{number}"
    return said


def booking_state(booking: Booking) -> str:
    """Where a booking stands."""
    if booking.state == BookingState.BOOKED:
        return "已确认" if booking.confirmed_at else "约好了"
    return {BookingState.ATTENDED: "到场", BookingState.NO_SHOW: "未到"}.get(booking.state, "已取消")


def _of(table: Mapping[Any, str]) -> Callable[[Any], str]:
    return lambda value: table.get(value, str(value))


FILTERS: Final[Mapping[str, Callable[..., str]]] = MappingProxyType(
    {
        "clock": clock,
        "day": day,
        "hour": hour,
        "today": today,
        "booking_state": booking_state,
        "since": since,
        "masked": masked,
        "openid": openid,
        "browser": browser,
        "few": few,
        "origin": origin,
        "subject": subject,
        "job": _of(JOBS),
        "role": _of(ROLES),
        "level": _of(UNION_LEVELS),
        "sex": _of(SEX),
        "marital": _of(MARITAL),
        "contact_kind": _of(CONTACT),
        "profile_state": _of(PROFILE_STATES),
        "way": _of(WAYS),
        "act": _of(ACTS),
        "counted": _of(COUNTED),
    }
)
