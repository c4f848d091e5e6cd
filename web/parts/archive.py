"""One's own data as a file to take away: a zip with data.json for programs and index.html for people."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from flask import Response, render_template
from sqlalchemy.orm import Session

from bot.replies import bare
from bot.texts import notices
from core.clock import local
from core.config import Config
from forms import FORMS, handed_over
from models.messages import Notice
from models.people import Worker
from rules.matchmaking import photos
from rules.persons import exporting

SECTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "person": "你的记录",
        "phones": "另外的手机",
        "staff": "后台账号",
        "profile": "资料卡",
        "profile_moves": "资料卡的经过",
        "photos": "照片",
        "cards": "墙上的卡片",
        "looks": "看过的卡片",
        "marks": "收藏、不合适、拉黑",
        "reports": "举报过的",
        "asked": "你想认识的人",
        "wishes": "想认识你的人",
        "meetings": "见面",
        "check_ins": "签到",
        "bookings": "预约",
        "booking_moves": "预约的经过",
        "reminders": "预约提醒",
        "sign_ups": "考试报名",
        "messages": "消息",
        "handovers": "找过人工",
        "draft": "没填完的",
        "given": "没交的照片",
        "consents": "订阅的通知",
        "mutes": "退订的群发",
        "tags": "标签",
        "broadcasts": "发给你的群发",
        "copies": "导出过的时间",
        "merges": "合并过的记录",
    }
)
LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "number": "编号",
        "openid": "微信标识",
        "union": "单位",
        "since": "第一次来",
        "at": "时间",
        "followed_at": "关注",
        "unfollowed_at": "取消关注",
        "login": "登录名",
        "name": "姓名",
        "state": "状态",
        "nickname": "称呼",
        "sex": "性别",
        "birth_year": "出生年份",
        "height_cm": "身高（厘米）",
        "education": "学历",
        "trade": "职业/工种",
        "district": "工作区域",
        "home_town": "老家",
        "marital": "婚姻状况",
        "line": "一句话",
        "wants_born_from": "想找的年份，从",
        "wants_born_to": "到",
        "contact_kind": "愿意给的联系方式",
        "contact": "联系方式",
        "submitted_at": "交上来",
        "listed_at": "上墙",
        "consent_version": "单身承诺的版本",
        "consented_at": "同意的时间",
        "reason": "原因/想聊的",
        "wall": "墙",
        "place": "位置/地点",
        "issued_at": "制卡",
        "printed_at": "打印",
        "revoked_at": "作废",
        "card": "卡片编号",
        "kind": "种类",
        "profile": "资料卡编号",
        "whom": "想认识谁",
        "who": "谁",
        "answer": "结果",
        "answered_at": "回应",
        "event": "活动",
        "starts_at": "开始",
        "ends_at": "结束",
        "table": "桌号",
        "service": "服务",
        "professional": "老师",
        "made_at": "约的时间",
        "confirmed_at": "确认会来",
        "hours": "提前（小时）",
        "level": "级别",
        "id_number": "身份证号",
        "phone": "手机号",
        "employer": "单位",
        "agreed": "同意的内容",
        "signed_at": "报名时间",
        "settled_at": "结束时间",
        "offered_at": "给过名额",
        "offer_until": "名额留到",
        "channel": "途径",
        "words": "内容",
        "about": "关于",
        "closed_at": "结束",
        "draft": "填了的",
        "said": "和工会说的话",
        "file": "文件",
        "template": "模板",
        "times": "还能收几次",
        "topic": "内容",
        "used_at": "下载",
    }
)
VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "m": "男", "f": "女", "never": "未婚", "divorced": "离异", "widowed": "丧偶",
        "wechat": "微信号", "phone": "手机号", "none": "先不给",
        "kept": "收藏/留在我的消息", "passed": "不合适", "blocked": "拉黑",
        "in_review": "待审", "listed": "已上墙", "refused": "没有通过", "paused": "暂停", "withdrawn": "已撤回",
        "open": "还没有回应", "accepted": "同意了", "declined": "婉拒了", "expired": "过期了", "no_answer": "没有回音",
        "waiting": "等候中", "booked": "约好了", "cancelled": "取消了", "attended": "来过", "no_show": "没来",
        "placed": "有名额", "offered": "给了候补名额", "lapsed": "候补没接",
        "sent": "发出了", "unknown": "不确定收到没有", "shown": "看过了", "skipped": "没有发", "failed": "没发成",
        "sending": "正在发", "customer": "聊天", "inbox": "我的消息",
        "subscription": "订阅通知", "template": "模板消息",
        "activity": "活动", "benefit": "福利", "news": "资讯",
    }
)  # fmt: skip


def archive(
    held: exporting.Held, number: int, *, now: datetime, files: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    """The zip of what is held of the worker with this number, with their photos. Needs the application's context."""
    shown = [(SECTIONS[name], [_lines(row) for row in rows]) for name, rows in held.items() if rows]
    page = render_template("export/index.html", sections=shown, made_at=_text(now), number=number)
    made = {"made_at": now, "worker": number, **held}
    data = json.dumps(made, ensure_ascii=False, indent=1, default=_plain)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("index.html", page)
        zipped.writestr("data.json", data)
        for name, jpeg in files.items():
            zipped.writestr(name, jpeg)
    return file.getvalue()


def download(
    held: exporting.Held, number: int, *, now: datetime, files: Mapping[str, bytes] = MappingProxyType({})
) -> Response:
    """The zip as an answer."""
    answer = Response(archive(held, number, now=now, files=files), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="data-{number}-{local(now):%Y%m%d}.zip"'
    return answer


def own(db: Session, worker: Worker, *, config: Config, now: datetime) -> Response:
    """The zip of all that a person may have of themselves."""
    held = exporting.collect(db, worker, words=words_at(now), now=now)
    files = pictures(db, worker, config) | pictures(db, worker, config, is_given=True)
    return download(held, worker.id, now=now, files=files)


def pictures(db: Session, worker: Worker, config: Config, *, is_given: bool = False) -> dict[str, bytes]:
    """Their photos by the names that the export gives them; empty where there is no file."""
    place, name = photos.folder(config), "given" if is_given else "photo"
    found = exporting.photos_of(db, worker, is_given=is_given)
    return {f"{name}-{number}.jpg": photos.read(place, one) or b"" for number, one in enumerate(found, 1)}


def words_at(now: datetime) -> exporting.Words:
    """The words of notices as they would be said at this moment."""

    def words(db: Session, notice: Notice) -> str | None:
        say = notices.words(db, notice, now=now)
        return None if say is None else bare(say)

    return words


def _lines(row: exporting.Row) -> list[tuple[str, str]]:
    return [(LABELS[key], text) for key, value in row.items() if (text := _READ.get(key, _text)(value))]


def _filled_in(answers: list[str] | None) -> str:
    """What was filled in so far, each question by its name."""
    pairs = (answer.partition(": ")[::2] for answer in answers or ())
    return "\n".join(f"{_ASKED.get(key, key)}：{VALUES.get(value, value)}" for key, value in pairs)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return "\n".join(value)
    return VALUES.get(str(value), str(value))


_ASKED: Final = {item.key: item.label for form in FORMS.values() for item in form.fields}
_READ: Final[Mapping[str, Callable[[Any], str]]] = {"about": handed_over, "draft": _filled_in}
"""How what is no plain value is read, by its key."""


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return local(value).isoformat()
    return str(value)
