"""运行状况 and 设置: whether everything gets through, and what the program was told."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from typing import Any, Final

import redis
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from core import metrics, schema
from core.config import Config
from core.jobs import jobs_key
from core.redis import LOST, connect
from core.settings import settings
from rules import outbox
from rules.access import Permission
from web.console import words
from web.console.explained import SECTIONS
from web.console.gate import Desk, Pages, page

pages = Pages("system")
told_pages = Pages("settings")
QUEUE: Final = "broadcasts"
FEW_MB: Final = 500
PATIENCE: Final = 120
"""A job that runs every so often is late after three times as long, and this many seconds."""


@dataclass(frozen=True)
class Fact:
    """One line: what was looked at, what was seen, and whether somebody should do something."""

    what: str
    seen: str
    is_bad: bool = False
    hint: str = ""


@dataclass(frozen=True)
class JobRun:
    """A job's last run."""

    name: str
    began: datetime
    seconds: float
    is_good: bool
    is_late: bool


@pages.route("/health", needs=Permission.HEALTH_SEE)
def health(desk: Desk) -> Any:
    """All of it."""
    return _shown(desk)


@pages.route("/health/now", needs=Permission.HEALTH_SEE, polls=True)
def health_now(desk: Desk) -> Any:
    """The same, for a page that stays open."""
    return _shown(desk)


@told_pages.route("/settings", needs=Permission.SETTINGS_SEE)
def told(desk: Desk) -> Any:
    """Every key of the settings, and where its value comes from."""
    found = groupby(settings(desk.config), key=lambda one: one.section)
    sections = [(name, *SECTIONS[name], list(those)) for name, those in found]
    return page("settings.html", sections=sections, names=words.SOURCES)


def _shown(desk: Desk) -> Any:
    with connect(desk.config, socket_timeout=2, socket_connect_timeout=2) as db:
        jobs = list(_jobs(db, desk))
        groups = [
            ("发消息", list(_sending(desk))),
            ("后台任务", list(_tasks(db, desk.config))),
            ("微信", list(_platform(db, desk.config))),
            ("这台机器", list(_machine(db, desk))),
        ]
    bad = sum(fact.is_bad for _, facts in groups for fact in facts)
    bad += sum(job.is_late or not job.is_good for job in jobs)
    return page("health.html", groups=groups, jobs=jobs, bad=bad)


def _sending(desk: Desk) -> Iterator[Fact]:
    state = outbox.outbox(desk.db, now=desk.now)
    yield Fact("等着发", f"{state.waiting} 条")
    yield Fact("晚了五分钟以上", f"{state.late} 条", state.late > 0, "看后台任务在不在跑")
    yield Fact("正在发", f"{state.sending} 条")
    yield Fact("发不出去，等本人来看", f"{state.unread} 条")
    yield Fact("不知道到没到", f"{state.unknown} 条")
    yield Fact("一天里发了", f"{state.attempts} 次")
    for code, count in state.failures:
        yield Fact(f"微信不收：{code}", f"{count} 次")


def _tasks(db: redis.Redis, config: Config) -> Iterator[Fact]:
    prefix = config.redis.prefix
    try:
        waiting: Any = db.llen(f"{prefix}tasks:{QUEUE}")
        dead: Any = db.zcard(f"{prefix}tasks:{QUEUE}.XQ")
        heard: Any = db.hlen(f"{prefix}heard")
        late: Any = db.hlen(f"{prefix}late")
        has_leader = bool(db.exists(f"{prefix}leader"))
    except LOST:
        yield Fact("Redis", "连不上", True, "请系统管理员看看")
        return
    yield Fact("管定时的", "有" if has_leader else "没有", not has_leader, "后台任务没有在跑")
    yield Fact("群发排队", f"{waiting} 个")
    yield Fact("丢下的任务", f"{dead} 个", dead > 0)
    yield Fact("等着记数的人", f"{heard} 人")
    yield Fact("数据库忙时先收下的消息", f"{late} 条", late > 0)


def _jobs(db: redis.Redis, desk: Desk) -> Iterator[JobRun]:
    found: Any = {}
    with suppress(*LOST):
        found = db.hgetall(jobs_key(desk.config))
    for name, said in sorted(found.items()):
        run = json.loads(said)
        began = datetime.fromtimestamp(run["began"], UTC)
        every = run["when"]
        is_late = isinstance(every, int) and (desk.now - began).total_seconds() > 3 * every + PATIENCE
        yield JobRun(name.decode(), began, run["seconds"], run["is_good"], is_late)


def _platform(db: redis.Redis, config: Config) -> Iterator[Fact]:
    left: Any = -2
    with suppress(*LOST):
        left = db.ttl(f"{config.redis.prefix}wechat:{config.wechat.app_id}:token")
    yield Fact("接口凭证", f"还有 {left // 60} 分钟" if left > 0 else "现在没有，用到时再取")
    counted: dict[str, float] = {}
    bugs = calls = refused = 0.0
    for family in text_string_to_metric_families(metrics.render()[0].decode()):
        for sample in family.samples:
            if sample.name == "niangjia_callbacks_total":
                result = sample.labels["result"]
                counted[result] = counted.get(result, 0) + sample.value
            elif sample.name == "niangjia_bugs_total":
                bugs += sample.value
            elif sample.name == "niangjia_platform_calls_total":
                calls += sample.value
                refused += sample.value if sample.labels["result"] != "ok" else 0
    yield Fact("收到的消息，这次开机以来", f"{counted.pop('answered', 0):.0f} 条")
    for result, count in sorted(counted.items()):
        yield Fact(f"没有收下：{result}", f"{count:.0f} 条")
    yield Fact("请求微信，这次开机以来", f"{calls:.0f} 次，其中 {refused:.0f} 次没成")
    yield Fact("程序出错", f"{bugs:.0f} 次", bugs > 0, "日志里有经过")


def _machine(db: redis.Redis, desk: Desk) -> Iterator[Fact]:
    folder = desk.config.data_dir
    if folder.exists():
        space = shutil.disk_usage(folder)
        free = space.free // 1_000_000
        yield Fact(
            "磁盘还剩",
            f"{free / 1000:.1f} GB，共 {space.total / 1e9:.0f} GB",
            free < FEW_MB,
            "快满了，清一清",
        )
    bind = desk.db.connection()
    current = schema.current(bind.engine)
    yield Fact(
        "数据库版本",
        f"{current or '没有'}",
        current != schema.head(),
        "和程序不一样，请跑 ./niangjia migrate",
    )
    ask = "SELECT sqlite_version()" if bind.dialect.name == "sqlite" else "SHOW server_version"
    yield Fact("数据库", f"{bind.dialect.name} {desk.db.scalar(text(ask))}")
    try:
        info: Any = db.info("server")
        yield Fact("Redis", str(info["redis_version"]))
    except LOST:
        yield Fact("Redis", "连不上", True, "请系统管理员看看")
    yield Fact("Python", platform.python_version())
    for name in ("flask", "sqlalchemy", "werobot", "granian"):
        yield Fact(name, version(name))
    yield Fact("系统", f"{platform.system()} {platform.release()}，{sys.platform}")
