"""What the commands for broadcasts show: whom it is for, where it stands, how it goes on."""

from __future__ import annotations

import time

import click
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bot.texts.broadcasts import STATES, TOPICS, words
from commands._office import table
from core.clock import local, utcnow
from core.errors import Refused
from models.broadcasts import Broadcast, BroadcastState, RecipientState, Topic
from models.people import Staff
from rules.broadcasts import audience as audiences
from rules.broadcasts import life, results

NEWEST = 20
ROWS = {
    "waiting": "待发",
    "sending": "发送中",
    "sent": "成功",
    "skipped": "跳过",
    "failed": "失败",
    "unknown": "未知",
}
REASONS = {
    "unfollowed": "取消了关注",
    "muted": "退订了",
    "window": "48小时内没来过，放在“我的消息”里等TA来看",
    "refused": "微信不让发给TA",
    "settled": "人工认定",
}
PAUSES = {
    "staff": "工作人员暂停",
    "quota": "今天的次数用完了，到点自动接着发",
    "failures": "失败太多，自动停了，看看原因再继续",
    "platform": "微信要求先处理账号上的事",
}
WAYS = {"mass": "群发", "customer": "客服消息", "both": "客服消息，发不到的群发"}


def count(db: Session, one: Broadcast) -> None:
    """Say how many it is for."""
    found = audiences.count(db, one, now=utcnow())
    click.echo(
        f"{TOPICS[Topic(one.topic)]}，{WAYS[one.way]}：{found.all} 人，会发给 {found.receive} 人"
        f"（{found.unfollowed} 人取消了关注，{found.muted} 人退订了）。"
    )


def overview(db: Session, staff: Staff) -> int:
    """List the newest that this member may see, and all with differences; how many differences nobody looked at."""
    unlooked = results.unlooked(db)
    newest = select(Broadcast.id).order_by(Broadcast.id.desc()).limit(NEWEST)
    wanted = {*db.scalars(newest), *unlooked}
    found = db.scalars(select(Broadcast).where(Broadcast.id.in_(wanted)).order_by(Broadcast.id.desc())).all()
    rows = []
    differences = 0
    for one in found:
        try:
            life.find(db, staff, one.id)
        except Refused:
            continue
        beginning = words(life.words(db, one)).partition("\n")[0][:20]
        open_ = len(unlooked.get(one.id, ()))
        differences += open_
        mark = f"{open_} 批没看过" if open_ else ""
        rows.append((one.id, STATES[one.state], f"{local(one.made_at):%m-%d %H:%M}", mark, beginning))
    table(("编号", "状态", "写于", "对不上", "内容"), rows)
    if differences:
        click.echo("有群发和微信说的对不上：用 status 编号 看是哪几批。", err=True)
    return differences


def show(db: Session, one: Broadcast) -> None:
    """Say where it stands, and who did not get it and why."""
    version = f"，第 {one.version} 版" if one.version > 1 else ""
    click.echo(f"群发 {one.id}：{STATES[one.state]}{version}")
    if one.pause_reason and one.state == BroadcastState.PAUSED:
        code = f"（{one.pause_errcode}）" if one.pause_errcode else ""
        when = f"，{local(one.resume_at):%m-%d %H:%M} 接着发" if one.resume_at else ""
        click.echo(f"{PAUSES[one.pause_reason]}{code}{when}")
    if one.started_at is None:
        count(db, one)
        return
    counts = results.counts(db, one.id)
    table(("状态", "人数"), [(ROWS[state], count) for state, count in counts.items()])
    click.echo(f"合计 {sum(counts.values())} 人")
    for state, reason, errcode, number in results.why(db, one.id):
        told = REASONS.get(reason or "", reason or "")
        click.echo(f"  {ROWS[state]}：{number} 人 {told}{f' {errcode}' if errcode else ''}".rstrip())


def differences(db: Session, broadcast_id: int, login: str) -> int:
    """Say to this login where the platform counted otherwise than we did; how many of these nobody has looked at."""
    open_ = results.unlooked(db).get(broadcast_id, set())
    for batch in results.different(db, broadcast_id):
        told = "没有说结果" if batch.status is None else f"说 {batch.status}"
        sent = "" if batch.sent is None else f"，发到 {batch.sent} 人"
        mark = "（还没有人看过）" if batch.id in open_ else ""
        click.echo(f"  第 {batch.number} 批对不上：交了 {batch.size} 人，微信{told}{sent}{mark}")
    if open_:
        click.echo(
            f"有 {len(open_)} 批和微信说的对不上。"
            f"看过了请记下：./niangjia broadcast settle {broadcast_id} --looked --as {login}",
            err=True,
        )
    return len(open_)


def watch(engine: Engine, broadcast_id: int) -> None:
    """A bar until it ends or is held. Everybody who is not open any more counts."""
    with Session(engine) as db:
        counts = results.counts(db, broadcast_id)
    with click.progressbar(length=max(sum(counts.values()), 1), label=f"群发 {broadcast_id}") as bar:
        while True:
            with Session(engine) as db:
                one = db.get_one(Broadcast, broadcast_id)
                counts = results.counts(db, broadcast_id)
                is_over = one.state != BroadcastState.SENDING
                state = STATES[one.state]
            still = counts[RecipientState.WAITING] + counts[RecipientState.SENDING]
            bar.length = max(sum(counts.values()), 1)
            bar.update(sum(counts.values()) - still - bar.pos)
            if is_over:
                break
            time.sleep(1)
    click.echo(f"{state}：" + "，".join(f"{ROWS[s]} {n}" for s, n in counts.items() if n))
