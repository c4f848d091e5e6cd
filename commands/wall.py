"""Fairs and their walls: plan, print them, void cards, count scans."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts.figures import about, few
from commands._given import Line
from commands._help import Group
from commands._office import office, table
from core.clock import SHANGHAI, local, utcnow
from core.config import load
from core.errors import Refused
from models.events import Event
from rules import access, audit, events, organisations
from rules import staff as staff_rules
from rules.access import Permission
from rules.matchmaking import layout, walls

MOMENTS = ["%Y-%m-%d %H:%M"]

event_option = click.option(
    "--event", "event_id", type=int, metavar="ID", help="A fair; without it the present one."
)
wall_option = click.option(
    "--wall", "number", type=int, required=True, metavar="N", help="The wall's number."
)
card_option = click.option(
    "--card", "card_id", type=int, required=True, metavar="ID", help="The number on the card's paper."
)
reason_option = click.option("--reason", type=Line(100), required=True, help="Why; written down.")
as_login = click.option("--as", "login", metavar="LOGIN", required=True, help="Who acts; written down.")


@click.group(cls=Group)
def command() -> None:
    """Plan a fair, print its walls, void or renew cards, see what is scanned.

    Nothing here shows a name or a contact.
    """


@command.command("list")
@event_option
@as_login
def list_(event_id: int | None, login: str) -> None:
    """List the walls: cards, how many of them must be printed, scans."""
    with office(load()) as engine, Session(engine) as db:
        event = _fair_of(db, event_id, login)
        click.echo(
            f"{event.title}（{event.id}），{local(event.starts_at):%m-%d} 至 {local(event.ends_at):%m-%d}"
        )
        table(
            ("墙", "板块", "卡片", "要打印", "扫码"),
            (
                (row.wall.number, row.wall.title, row.cards, row.to_print, about(row.scans, row.people))
                for row in walls.count(db, event)
            ),
        )


@command.command()
@click.argument("title", type=Line(100))
@click.option("--union", required=True, metavar="NAME", help="Whose fair it is.")
@click.option("--place", type=Line(100), required=True, help="Where; people read it.")
@click.option("--from", "starts", type=click.DateTime(MOMENTS), required=True, help="In China's time.")
@click.option("--until", "ends", type=click.DateTime(MOMENTS), required=True, help="In China's time.")
@click.option("--tables", type=click.IntRange(1, 500), required=True, help="Tables to meet at.")
@click.option("--onsite-only", is_flag=True, help="Show its cards only to those who are checked in.")
@as_login
def fair(
    title: str,
    union: str,
    place: str,
    starts: datetime,
    ends: datetime,
    tables: int,
    onsite_only: bool,
    login: str,
) -> None:
    """Plan a fair. Then put up its walls (wall add) and fill them (wall fill)."""
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        access.need(staff, Permission.WALLS_PRINT)
        holder = organisations.named(db, union)
        if holder is None:
            raise Refused("no_such_union")
        access.need_within(staff, holder)
        event = events.plan_fair(
            db,
            holder,
            title,
            place=place,
            starts_at=starts.replace(tzinfo=SHANGHAI),
            ends_at=ends.replace(tzinfo=SHANGHAI),
            tables=tables,
            onsite_only=onsite_only,
        )
        audit.note(db, staff, "fair_add", f"event:{event.id}", now=utcnow(), after={"title": event.title})
        db.commit()
        click.echo(f"{event.title}（{event.id}）定好了，{tables} 张桌子。")


@command.command()
@event_option
@click.argument("number", type=click.IntRange(1, 999))
@click.argument("title", type=Line(40))
@as_login
def add(event_id: int | None, number: int, title: str, login: str) -> None:
    """Put up a wall. A TITLE such as 90后 says who hangs there; walls with other titles are filled with --wall."""
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        wall = layout.add_wall(db, staff, _fair(db, event_id), number, title, now=utcnow())
        db.commit()
        click.echo(f"{wall.number}号墙 {wall.title} 建好了。")


@command.command()
@as_login
def fill(login: str) -> None:
    """Give a card to everybody who is listed and has none at a fair to come: when walls are new."""
    hung = 0
    with office(load()) as engine, Session(engine) as db:
        for some in layout.fill(db, staff_rules.by_login(db, login), now=utcnow()):
            hung += some
            db.commit()
    click.echo(f"新挂了 {hung} 张卡片。")


@command.command("print")
@wall_option
@event_option
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="[default: sheets/wall-N.pdf in data.dir]"
)
@click.option("--poster", is_flag=True, help="One large card to a page, instead of sheets to cut up.")
@click.option("--only-changed", is_flag=True, help="Only cards whose paper is out of date.")
@click.option("--as", "login", metavar="LOGIN", help="Who prints; without it the operator does.")
def print_(
    number: int, event_id: int | None, out: Path | None, poster: bool, only_changed: bool, login: str | None
) -> None:
    """Print a wall as PDF: A4 sheets of cards with cut marks. Codes about to expire are made anew first."""
    from commands._printing import print_wall, wechat

    config = load()
    now = utcnow()
    with office(config) as engine:
        with Session(engine) as db:
            wall_id = walls.numbered(db, _fair(db, event_id), number).id
            staff = staff_rules.by_login(db, login) if login else None
            if staff:
                layout.wall(db, staff, wall_id, now=now)
        out = out or _sheet(config.data_dir, number, poster, only_changed)
        with wechat(config) as client:
            done = print_wall(
                engine,
                wall_id,
                client,
                out,
                config=config,
                now=now,
                posters=poster,
                only_changed=only_changed,
            )
        with Session(engine) as db:
            audit.note(db, staff, "wall_print", f"wall:{wall_id}", now=now)
            db.commit()
    if done.printed is None:
        click.echo(f"{number}号墙没有要打印的卡片。")
        return
    click.echo(f"{out}：{done.cards} 张卡片，{done.printed.pages} 页，新做了 {done.new_codes} 个二维码")
    for place, lost in sorted(done.printed.unprintable.items()):
        click.echo(f"{place or '页眉'}：这几个字印不出来，请看一眼：{lost}", err=True)


def _sheet(data_dir: Path, number: int, poster: bool, only_changed: bool) -> Path:
    folder = data_dir / "sheets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    kind = ("-poster" if poster else "") + ("-changed" if only_changed else "")
    return folder / f"wall-{number}{kind}.pdf"


@command.command()
@event_option
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A .png or .svg file."
)
@as_login
def door(event_id: int | None, out: Path, login: str) -> None:
    """Draw the code for the door: whoever scans it is checked in. It lasts matchmaking.code_days."""
    if out.suffix not in (".png", ".svg"):
        raise click.UsageError("--out must end in .png or .svg")
    from commands._printing import print_door, wechat

    config = load()
    with office(config) as engine, Session(engine) as db:
        event = _fair_of(db, event_id, login)
        token, title = event.token, event.title
        staff = staff_rules.by_login(db, login)
        audit.note(db, staff, "door_print", f"event:{event.id}", now=utcnow())
        db.commit()
        with wechat(config) as client:
            until = print_door(token, client, out, config=config, now=utcnow())
    click.echo(f"{out}：{title} 签到码，可用到 {local(until):%m-%d}" if until else f"{out}：{title} 签到码")


@command.command()
@card_option
@reason_option
@as_login
def reissue(card_id: int, reason: str, login: str) -> None:
    """Void a card and put a fresh one with a new code at its place. Print it with: wall print --only-changed."""
    with office(load()) as engine, Session(engine) as db:
        staff, now = staff_rules.by_login(db, login), utcnow()
        old = layout.card(db, staff, card_id, now=now)
        fresh = layout.reissue(db, staff, old, reason, now=now)
        db.commit()
        click.echo(
            f"旧卡 {old.id} 作废了，新卡 {fresh.id} 在 {fresh.wall.number}号墙 {fresh.place}，请打印。"
        )


@command.command()
@card_option
@reason_option
@as_login
def revoke(card_id: int, reason: str, login: str) -> None:
    """Void a card for good; its place becomes free."""
    with office(load()) as engine, Session(engine) as db:
        staff, now = staff_rules.by_login(db, login), utcnow()
        card = layout.card(db, staff, card_id, now=now)
        layout.revoke(db, staff, card, reason, now=now)
        db.commit()
        click.echo(f"卡片 {card.id} 作废了，{card.wall.number}号墙 {card.place} 空出来了。")


@command.command()
@wall_option
@event_option
@as_login
def scans(number: int, event_id: int | None, login: str) -> None:
    """Count the scans of each card of a wall, the most looked at first; not what fewer than five people did."""
    with office(load()) as engine, Session(engine) as db:
        wall = walls.numbered(db, _fair_of(db, event_id, login), number)
        table(
            ("位置", "卡号", "称呼", "扫码", "人数"),
            (
                (
                    row.card.place,
                    row.card.id,
                    row.card.profile.nickname,
                    few(row.scans, row.people),
                    few(row.people),
                )
                for row in walls.scans(db, wall)
            ),
        )


def _fair(db: Session, event_id: int | None) -> Event:
    if event_id is None:
        event = organisations.fair_for(db, None, now=utcnow())
    else:
        event = db.scalar(select(Event).where(Event.id == event_id, Event.kind == "fair"))
    if event is None:
        raise Refused("no_fair")
    return event


def _fair_of(db: Session, event_id: int | None, login: str) -> Event:
    """A fair of a union in reach of who acts. Raises Refused("not_found")."""
    return layout.fair(db, staff_rules.by_login(db, login), _fair(db, event_id).id, now=utcnow())
