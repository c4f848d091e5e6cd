"""What the commands for staff and operators share: the database, the words for a refusal, and tables in a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from commands.serve import ready_to_serve
from core import crypto, log
from core.config import Config
from core.db import make_engine
from core.errors import Refused

WORDS = {
    "role_above": "不能给别人比自己还大的权限，也不能动这样的登录。",
    "own_account": "自己的登录不能自己停用或重设，请另一位管理员来。",
    "staff_disabled": "这位已经停用了。先用 ./niangjia staff enable 恢复。",
    "not_found": "没有找到，或者不在你的管辖范围内。",
    "no_such_staff": "没有这个登录名。用 ./niangjia staff list 看看有哪些。",
    "no_such_wall": "没有这面墙。用 ./niangjia wall list 看看有哪些。",
    "no_fair": "现在没有正在办或将要办的相亲会。",
    "own_profile": "这是你自己的资料卡，请别的同事来审。",
    "profile_move": "这份资料卡刚才已经有人处理了，或者现在不在待审状态。",
    "reason_needed": "退回要写明原因，本人会看到。",
    "bad_login": "登录名用小写字母开头，只含小写字母、数字、点、横线和下划线，2 到 40 个字。",
    "login_taken": "这个登录名已经有人用了。",
    "worker_taken": "这位职工的微信已经对应另一位同事。",
    "card_revoked": "这张卡片已经作废了。",
    "card_exists": "这位已经有一张卡片了。",
    "wall_taken": "这个墙号已经有了。",
    "name_taken": "这个名字已经有了。",
    "no_such_union": "没有这个单位。用 ./niangjia staff union 先建好。",
    "ends_before_start": "结束要晚于开始。",
    "answer_needed": "要写回什么话，本人会看到。",
    "answer_too_long": "太长了，最多 300 个字。",
    "handover_closed": "这个对话刚才已经有人回了。",
    "too_deep": "单位最多四级。",
    "bad_level": "等级是 1 到 5，工种名 2 到 30 个字。",
    "bad_moments": "时间要按顺序：开始报名，截止报名，然后考试。",
    "bad_quota": "至少要有一个名额，地点也要写。",
    "quota_taken": "不能少于已经给出去的名额（含待答复的）。用 ./niangjia exam list 看看占了几个。",
    "exam_begun": "考试已经开始了，名额不能再改。",
    "bad_requirement": "报名条件写得不完整。",
    "ids_not_yours": "完整的身份证号要有查看权限的人才能导出。",
    "export_reason": "导出完整的身份证号要写明用途（--reason），会留下记录。",
    "broadcast_move": "这条群发现在的状态不能这样做，先用 ./niangjia broadcast status 看看。",
    "broadcast_changed": "刚才有人改了内容，请再预览一次。",
    "preview_needed": "要先在手机上预览：./niangjia broadcast preview。",
    "approval_needed": "要先预览，再由另一位同事批准：./niangjia broadcast approve。",
    "own_broadcast": "自己写的、自己选的人，要请另一位同事来批准。",
    "article_needs_mass": "图文只能用群发（--way mass）。",
    "text_needed": "还没有写内容。",
    "text_too_long": "太长了，一条最多 2048 字节，大约 680 个字。",
    "bad_audience": "发给谁写得不对。",
    "no_such_tag": "没有人有这个标签。先用 ./niangjia broadcast tag 取一次。",
    "no_phone": "这位同事没有绑定微信，或者没有关注，预览发不到。",
    "no_such_service": "没有这个项目。预约的项目用 ./niangjia appointment services 看。",
    "bad_service": "项目要有名字（最多 40 个字）和一句问话（最多 100 个字）。",
    "odd_minutes": "时长和间隔要是 10 分钟的倍数，最长 8 小时；期限不能是负数，最多 60 天。",
    "odd_hours": "时间段要是 10 分钟的倍数，先后分明，不能重叠。",
    "nothing_offered": "这位还没有可以约的项目。先用 ./niangjia appointment offer 定好。",
    "day_over": "那个时间已经过去了。",
    "absent_then": "那段时间本人请了假，开了也约不到。先请本人在聊天里说“撤回请假”。",
    "booking_changed": "这个预约已经变了，或者已经开始了。",
    "slot_taken": "那个时间已经有人了。",
    "slot_closed": "那个时间不在可以约的时间里。",
    "booked_then": "本人那时候已经有别的预约。",
    "wall_busy": "这面墙正在被很多人同时排位，请再试一次。",
}


def explain(refused: Refused) -> str:
    """What somebody at a terminal reads when a rule says no."""
    return WORDS.get(refused.code, f"现在不能这样做（{refused.code}）。")


@contextmanager
def office(config: Config) -> Iterator[Engine]:
    """The database, checked and with the keys in place; a refusal or a database that is gone becomes one line."""
    ready_to_serve(config)
    quiet = config.log.model_copy(update={"level": "error"})  # a command says itself what went wrong
    log.setup(config.model_copy(update={"log": quiet}))
    crypto.use(config)
    engine = make_engine(config)
    try:
        yield engine
    except Refused as refused:
        raise click.ClickException(explain(refused)) from None
    except OperationalError as error:
        raise click.ClickException(f"database: {' '.join(str(error.orig).split())}") from None
    finally:
        engine.dispose()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below their heads, in columns as wide as Chinese needs in a terminal."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
