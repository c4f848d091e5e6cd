"""Broadcasts: write, count, preview, have approved, send, hold, look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.texts.broadcasts import words
from commands import _broadcasts
from commands._given import LONGEST
from commands._help import Group
from commands._office import office
from commands._printing import wechat
from core.clock import SHANGHAI, utcnow
from core.config import load
from core.errors import Refused
from models.broadcasts import Broadcast, Topic, Way
from models.people import Staff
from rules import access, audit, organisations
from rules import staff as staff_rules
from rules.access import Permission
from rules.broadcasts import audience as audiences
from rules.broadcasts import life, results, tags
from tasks.broadcasts import content

DIFFERS = 3
"""The exit code when WeChat counted otherwise than we did, and nobody has looked."""

as_login = click.option("--as", "login", metavar="LOGIN", required=True, help="Who acts; written down.")
number = click.argument("broadcast_id", metavar="ID", type=int)
text_option = click.option("--text", help="What people read.")
file_option = click.option(
    "--text-file", type=click.File("r", encoding="utf-8"), help="The same from a file; - is standard input."
)
article_option = click.option(
    "--article", metavar="MEDIA_ID", help="A draft of the account's draft box instead of a text."
)


@click.group(cls=Group)
def command() -> None:
    """Write to many people at once, each of them once.

    new, preview, approve by somebody else, send. Nothing here shows who the people are.
    """


@command.command()
@text_option
@file_option
@article_option
@click.option("--topic", type=click.Choice([t.value for t in Topic]), required=True, help="What it is about.")
@click.option(
    "--way", type=click.Choice([w.value for w in Way]), default="mass", show_default=True, help="How it goes."
)
@click.option("--union", metavar="NAME", help="Only people of this union and those below.")
@click.option("--service", type=click.Choice(sorted(audiences.SERVICES)), help="Only who used it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only who followed since this day.")
@click.option("--tag", metavar="NAME", help="Only who has this tag (fetch it first: broadcast tag).")
@as_login
def new(
    text: str | None,
    text_file: Any,
    article: str | None,
    topic: str,
    way: str,
    union: str | None,
    service: str | None,
    since: datetime | None,
    tag: str | None,
    login: str,
) -> None:
    """Write a broadcast and count whom it is for. Without a choice it is for everybody of your union."""
    kind, body = _body(text, text_file, article)
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        audience: dict[str, Any] = {}
        if union:
            home = organisations.named(db, union)
            if home is None:
                raise Refused("no_such_union")
            audience["organisation"] = home.id
        if service:
            audience["service"] = service
        if since:
            audience["followed_since"] = since.replace(tzinfo=SHANGHAI).isoformat()
        if tag:
            audience["tag"] = tag
        one = life.new(
            db, staff, kind, body, topic=Topic(topic), way=Way(way), audience=audience, now=utcnow()
        )
        _broadcasts.count(db, one)
        db.commit()
        click.echo(f"群发 {one.id} 写好了。下一步：./niangjia broadcast preview {one.id} --as {login}")


@command.command()
@number
@text_option
@file_option
@article_option
@as_login
def edit(broadcast_id: int, text: str | None, text_file: Any, article: str | None, login: str) -> None:
    """Write other words: the next version, for those who have not got it. Pause first when it is going out."""
    kind, body = _body(text, text_file, article)
    with _acting(broadcast_id, login) as (db, one, staff):
        version = life.edit(db, one, staff, kind, body, now=utcnow())
        rest = "，给还没发到的人" if one.started_at else ""
        db.commit()
        click.echo(f"群发 {one.id} 第 {version.version} 版{rest}。要重新预览和批准。")


@command.command()
@number
@click.option("--to", "to", metavar="LOGIN", help="Whose phone; without it your own.")
@as_login
def preview(broadcast_id: int, to: str | None, login: str) -> None:
    """Show it on one phone of the staff. Nothing can be approved before."""
    config = load()
    with _acting(broadcast_id, login) as (db, one, staff):
        openid = life.phone(db, one, staff, to or login)
        version = one.version
        said = content(life.words(db, one))
        _broadcasts.count(db, one)
        db.rollback()
        with wechat(config) as client:
            client.preview_mass(openid, said)
        life.previewed(db, one, staff, version=version, now=utcnow())
        db.commit()
        click.echo(f"群发 {one.id} 发到手机上了，看一眼。没问题就请另一位同事批准。")


@command.command()
@number
@as_login
def approve(broadcast_id: int, login: str) -> None:
    """Approve what somebody else wrote; shows the words and the count."""
    with _acting(broadcast_id, login) as (db, one, staff):
        life.approve(db, one, staff, now=utcnow())  # who may not sees nothing
        click.echo(words(life.words(db, one)))
        _broadcasts.count(db, one)
        db.commit()
        click.echo(f"群发 {one.id} 第 {one.version} 版批准了。")


@command.command()
@number
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how it goes on.")
@as_login
def send(broadcast_id: int, wait: bool, login: str) -> None:
    """Let it go out. The workers do it; leaving this command stops nothing."""
    with office(load()) as engine:
        with Session(engine) as db:
            staff = staff_rules.by_login(db, login)
            one = life.find(db, staff, broadcast_id)
            life.start(db, one, staff, now=utcnow())
            db.commit()
        click.echo(f"群发 {broadcast_id} 开始了。")
        if wait:
            _broadcasts.watch(engine, broadcast_id)
            _say_differences(engine, broadcast_id, login)


@command.command()
@number
@as_login
def pause(broadcast_id: int, login: str) -> None:
    """Hold it: within two seconds nobody else is written to."""
    with _acting(broadcast_id, login) as (db, one, staff):
        life.pause(db, one, now=utcnow(), staff=staff)
        db.commit()
        click.echo(f"群发 {broadcast_id} 暂停了。")


@command.command()
@number
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how it goes on.")
@as_login
def resume(broadcast_id: int, wait: bool, login: str) -> None:
    """Go on where it was held."""
    with office(load()) as engine:
        with Session(engine) as db:
            staff = staff_rules.by_login(db, login)
            life.resume(db, life.find(db, staff, broadcast_id), now=utcnow(), staff=staff)
            db.commit()
        click.echo(f"群发 {broadcast_id} 接着发。")
        if wait:
            _broadcasts.watch(engine, broadcast_id)
            _say_differences(engine, broadcast_id, login)


@command.command()
@click.argument("broadcast_id", metavar="[ID]", type=int, required=False)
@click.option("--watch", is_flag=True, help="Show how it goes on until it ends or is held.")
@as_login
def status(broadcast_id: int | None, watch: bool, login: str) -> None:
    """Show where a broadcast stands, or the newest ones.

    The exit code is 3 while WeChat's counts differ from ours and nobody has looked (broadcast settle --looked).
    """
    with office(load()) as engine:
        with Session(engine) as db:
            staff = staff_rules.by_login(db, login)
            if broadcast_id is None:
                if _broadcasts.overview(db, staff):
                    raise click.exceptions.Exit(DIFFERS)
                return
            _broadcasts.show(db, life.find(db, staff, broadcast_id))
        if watch:
            _broadcasts.watch(engine, broadcast_id)
        _say_differences(engine, broadcast_id, login)


@command.command()
@number
@click.option("--arrived", "how", flag_value="arrived", help="Take who is 未知 as served.")
@click.option("--again", "how", flag_value="again", help="Write to them once more: some may get it twice.")
@click.option("--looked", "how", flag_value="looked", help="WeChat's counts that differ were looked at.")
@as_login
def settle(broadcast_id: int, how: str | None, login: str) -> None:
    """Decide about those who are 未知 (nobody can tell whether it arrived), or note that differences were seen."""
    if how is None:
        raise click.UsageError("say --arrived, --again or --looked")
    with _acting(broadcast_id, login) as (db, one, staff):
        if how == "looked":
            count = results.look(db, one, staff, now=utcnow())
            said = f"{count} 批对不上的，记下你看过了。"
        else:
            count = results.settle_unknown(db, one, staff, arrived=how == "arrived", now=utcnow())
            said = f"{count} 人{'算作收到了' if how == 'arrived' else '再发一次'}。"
        db.commit()
        click.echo(said)


@command.command()
@click.argument("name")
@as_login
def tag(name: str, login: str) -> None:
    """Fetch from WeChat who has a tag, so that it can be chosen."""
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        access.need(staff, Permission.BROADCASTS_WRITE)
        db.rollback()
        with wechat(config) as client:
            try:
                pages = list(client.tag_members(name))
            except LookupError:
                raise click.ClickException(f"公众号没有“{name}”这个标签。") from None
        count = tags.fetched(db, name, pages)
        audit.note(db, staff, "tag_fetch", "tag", now=utcnow())
        db.commit()
        click.echo(f"标签“{name}”：{count} 人。")


def _say_differences(engine: Engine, broadcast_id: int, login: str) -> None:
    with Session(engine) as db:
        if _broadcasts.differences(db, broadcast_id, login):
            raise click.exceptions.Exit(DIFFERS)


@contextmanager
def _acting(broadcast_id: int, login: str) -> Iterator[tuple[Session, Broadcast, Staff]]:
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        yield db, life.find(db, staff, broadcast_id), staff


def _body(text: str | None, text_file: Any, article: str | None) -> tuple[str, dict[str, Any]]:
    """(kind, body) from the one option that was given."""
    if sum(one is not None for one in (text, text_file, article)) != 1:
        raise click.UsageError("say one of --text, --text-file and --article")
    if article is None:
        try:
            return "text", {"text": text if text is not None else text_file.read(LONGEST)}
        except UnicodeDecodeError:
            raise click.UsageError(f"{text_file.name} is no text in UTF-8") from None
    with wechat(load()) as client:
        return "article", {"media_id": article, "articles": client.draft(article)}
