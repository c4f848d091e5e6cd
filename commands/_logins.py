"""The commands of ./niangjia staff about logins, and what `staff add` shares with them."""

from __future__ import annotations

from datetime import datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts.logins import WAYS, browser
from commands._given import Command
from commands._office import office, table
from core.clock import local, utcnow
from core.config import Config, load
from core.errors import Refused
from models.logins import Ended, Outcome
from models.people import Staff
from rules import audit
from rules import logins as rules
from rules import staff as staff_rules

OUTCOMES = {
    Outcome.UNKNOWN: "没有这个登录名",
    Outcome.NO_PASSWORD: "还没有设密码",
    Outcome.WRONG: "密码不对",
    Outcome.DISABLED: "已停用",
    Outcome.LOCKED: "还在等候时间里",
    Outcome.FACTOR_WRONG: "验证码不对",
    Outcome.FACTOR_USED: "验证码用过了",
    Outcome.NOT_STAFF: "微信没有绑定",
    Outcome.DENIED: "手机上点了不是我",
    Outcome.GONE: "登录码过期或用过",
    Outcome.ELSEWHERE: "换了浏览器或网络",
}

by_whom = click.option(
    "--as", "by", metavar="LOGIN", help="Who acts; without it the operator of this machine does."
)


@click.command(cls=Command)
@click.argument("login")
@click.option("--keep-wechat", is_flag=True, help="The phone is not lost: leave their WeChat bound.")
@by_whom
def reset(login: str, keep_wechat: bool, by: str | None) -> None:
    """Begin somebody's login anew, when a phone is lost or a password forgotten, and print a link for them.

    Their password, authenticator, recovery codes and WeChat count no more, and they are logged out everywhere.
    """
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = _whoever(db, login)
        token = rules.reset(
            db, acting(db, by), staff, limits=config.console, now=utcnow(), keep_wechat=keep_wechat
        )
        db.commit()
        click.echo(f"{staff.name}（{login}）原来的登录方式都作废了，已经全部退出。")
        say_link(config, token)


@click.command(cls=Command)
@click.argument("login")
@by_whom
def disable(login: str, by: str | None) -> None:
    """Let somebody in no more, and log them out everywhere. What they did stays."""
    with office(load()) as engine, Session(engine) as db:
        staff = _whoever(db, login)
        rules.disable(db, acting(db, by), staff, now=utcnow())
        db.commit()
        click.echo(f"{staff.name}（{login}）已停用，已经全部退出。")


@click.command(cls=Command)
@click.argument("login")
@by_whom
def enable(login: str, by: str | None) -> None:
    """Let somebody in again who was disabled."""
    with office(load()) as engine, Session(engine) as db:
        staff = _whoever(db, login)
        rules.enable(db, acting(db, by), staff, now=utcnow())
        db.commit()
        click.echo(f"{staff.name}（{login}）已恢复。")


@click.command(cls=Command)
@click.argument("login")
@click.option("--end", is_flag=True, help="Log them out everywhere.")
@by_whom
def logins(login: str, end: bool, by: str | None) -> None:
    """Show where somebody is logged in, and which tries at their login were refused."""
    now = utcnow()
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = _whoever(db, login)
        who = acting(db, by)
        if who is not None and who.id != staff.id:
            rules.need_power(who, staff)
        found = rules.open_logins(db, staff, limits=config.console, now=now)
        click.echo(f"{staff.name}（{login}）现在登录着 {len(found)} 处")
        if found:
            table(
                ("登录于", "最近使用", "方式", "网络地址", "浏览器"),
                (
                    (_at(one.opened_at), _at(one.seen_at), WAYS[one.way], one.ip, browser(one.browser))
                    for one in found
                ),
            )
        refused = rules.refused_lately(db, staff)
        if refused:
            click.echo("最近没有成功的")
            table(
                ("时间", "方式", "为什么", "网络地址", "浏览器"),
                (
                    (_at(one.at), WAYS[one.way], OUTCOMES[one.outcome], one.ip, browser(one.browser))
                    for one in refused
                ),
            )
        if end:
            count = rules.end_all(db, staff, Ended.SENT_OUT, now=now)
            audit.note(db, who, "login_end", f"staff:{staff.id}", now=now)
            click.echo(f"已经全部退出（{count} 处）。")
        db.commit()


COMMANDS = (reset, disable, enable, logins)


def acting(db: Session, login: str | None) -> Staff | None:
    """Who acts; None for the operator."""
    return staff_rules.by_login(db, login) if login is not None else None


def say_link(config: Config, token: str) -> None:
    """Print an invitation's link."""
    days = config.console.invitation_days
    click.echo(f"请本人打开这个链接设好登录，{days} 天内有效，只能用一次，别给别人看：")
    click.echo(f"{config.web.base_url.rstrip('/')}/console/invitation/{token}")


def _whoever(db: Session, login: str) -> Staff:
    """Somebody on the staff, disabled or not."""
    staff = db.scalar(select(Staff).where(Staff.login == login))
    if staff is None:
        raise Refused("no_such_staff")
    return staff


def _at(moment: datetime) -> str:
    return f"{local(moment):%m-%d %H:%M}"
