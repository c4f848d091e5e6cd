"""Staff: who there is; and, where no browser is at hand, reviewing profiles and answering people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import UNION_LEVELS
from bot.texts.logins import ROLES
from bot.texts.matchmaking import MARITAL, SEX
from commands._given import Line
from commands._help import Group
from commands._logins import COMMANDS, acting, by_whom, say_link
from commands._office import explain, office, table
from core.clock import local, utcnow
from core.config import load
from core.errors import Refused
from forms import handed_over
from models.matchmaking import Card, Profile, ProfileState, Wall
from models.messages import Handover
from models.people import Organisation, Staff, Worker
from rules import access, audit, conversations, logins, organisations, tree
from rules import staff as staff_rules
from rules.access import Permission, Role
from rules.matchmaking import cards, profiles, reviewing, walls

as_login = click.option("--as", "login", metavar="LOGIN", required=True, help="Who acts; written down.")


@click.group(cls=Group)
def command() -> None:
    """Add unions and staff, see what waits, review profiles, answer 人工.

    Every act is written down with the name of who did it.
    """


for each in COMMANDS:
    command.add_command(each)


@command.command()
@click.argument("login")
@click.option("--name", type=Line(40), required=True, help="What colleagues read.")
@click.option("--organisation", required=True, metavar="NAME", help="The union; acts reach it and all below.")
@click.option(
    "--role", type=click.Choice(list(ROLES)), required=True, help="What they may do: docs/access.md."
)
@click.option("--worker", type=int, metavar="ID", help="The same person as a follower of the account.")
@by_whom
def add(login: str, name: str, organisation: str, role: str, worker: int | None, by: str | None) -> None:
    """Add a member of staff, and print the link by which they set up their login."""
    config = load()
    with office(config) as engine, Session(engine) as db:
        union = organisations.named(db, organisation)
        if union is None:
            known = "、".join(db.scalars(select(Organisation.name).order_by(Organisation.path).limit(20)))
            raise click.ClickException(f"没有“{organisation}”。有：{known or '还没有任何单位'}")
        follower = db.get(Worker, worker) if worker is not None else None
        if worker is not None and follower is None:
            raise click.ClickException("没有这个编号的职工。")
        _, token = logins.invite(
            db,
            acting(db, by),
            login=login,
            name=name,
            role=Role(role),
            organisation=union,
            worker=follower,
            limits=config.console,
            now=utcnow(),
        )
        db.commit()
        click.echo(f"添加好了：{name}（{login}），{ROLES[role]}，{union.name}")
        say_link(config, token)


@command.command()
@click.argument("name", type=Line(100))
@click.option("--below", metavar="NAME", help="The union above it; without it NAME is at the top.")
@by_whom
def union(name: str, below: str | None, by: str | None) -> None:
    """Add a union, the top one first. The four levels are 省, 市, 区县 and 乡镇街道."""
    with office(load()) as engine, Session(engine) as db:
        above = organisations.named(db, below) if below else None
        if below and above is None:
            raise Refused("no_such_union")
        who, now = acting(db, by), utcnow()
        if who is None:
            added = organisations.add(db, name, above)
            after = {"name": added.name, "above": above.id if above else None}
            audit.note(db, None, "organisation_add", f"organisation:{added.id}", now=now, after=after)
        elif above is None:  # only the operator of the machine begins a tree
            raise Refused("not_found")
        else:
            added = tree.add(db, who, name, above, now=now)
        db.commit()
        click.echo(f"添加好了：{added.name}（{UNION_LEVELS[added.level]}级）")


@command.command("list")
def list_() -> None:
    """List the staff."""
    with office(load()) as engine, Session(engine) as db:
        found = db.execute(
            select(Staff, Organisation).join(Staff.organisation).order_by(Organisation.path, Staff.login)
        )
        table(
            ("登录名", "姓名", "角色", "单位", "级别", "登录"),
            (
                (
                    staff.login,
                    staff.name,
                    ROLES.get(staff.role, staff.role),
                    union.name,
                    UNION_LEVELS[union.level],
                    "停用" if staff.disabled_at else "",
                )
                for staff, union in found
            ),
        )


@command.command()
@as_login
def waiting(login: str) -> None:
    """Show what waits: profiles in review and conversations handed to a person. No names, no contacts."""
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        access.need(staff, Permission.PROFILES_REVIEW, Permission.CONVERSATIONS_ANSWER)
        audit.note(db, staff, "waiting_read", f"organisation:{staff.organisation_id}", now=now)
        if access.may(staff, Permission.PROFILES_REVIEW):
            _profiles(_waiting(db, staff, now), now)
        if access.may(staff, Permission.CONVERSATIONS_ANSWER):
            found = conversations.queue(db, staff, now=now).order_by(Handover.at, Handover.id)
            _handovers(db.scalars(found).all(), now)
        db.commit()


def _waiting(db: Session, staff: Staff, now: datetime) -> Sequence[Profile]:
    found = reviewing.queue(db, staff, now=now)
    return db.scalars(found.order_by(Profile.submitted_at, Profile.id)).all()


def _profiles(found: Sequence[Profile], now: datetime) -> None:
    click.echo(f"待审资料卡 {len(found)} 份")
    if found:
        table(
            ("编号", "等了", "称呼", "性别", "出生", "职业", "婚况", "一句话"),
            (
                (
                    p.id,
                    _since(p.submitted_at, now),
                    p.nickname,
                    SEX.get(p.sex, p.sex),
                    p.birth_year,
                    p.trade,
                    MARITAL.get(p.marital, p.marital),
                    p.line,
                )
                for p in found
            ),
        )


def _handovers(handed: Sequence[Handover], now: datetime) -> None:
    click.echo(f"等人工的对话 {len(handed)} 个")
    if handed:
        table(
            ("编号", "等了", "在办"),
            ((h.id, _since(h.at, now), handed_over(h.about)) for h in handed),
        )
        click.echo("回话：./niangjia staff answer 编号 --words …")


@command.command()
@click.argument("profile_ids", nargs=-1, type=int, metavar="[PROFILE_ID]...")
@click.option("--all", "everything", is_flag=True, help="Every profile that waits and is yours to review.")
@click.option("--wall", "number", type=int, metavar="N", help="Hang the cards on this wall of the fair.")
@as_login
def approve(profile_ids: tuple[int, ...], everything: bool, number: int | None, login: str) -> None:
    """List profiles: each gets its card, its person is told, and wishes that waited for it are passed on.

    One that can't be approved does not stop the others; the exit code is then 1.
    """
    if bool(profile_ids) == everything:
        raise click.UsageError("name profiles, or --all")
    failed = 0
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        if everything:
            profile_ids = tuple(p.id for p in _waiting(db, staff, now))
        for profile_id in profile_ids:
            try:
                card = _approve(db, profile_id, staff, number, now)
                db.commit()
            except Refused as refused:
                db.rollback()
                failed += 1
                click.echo(f"{profile_id}：{explain(refused)}", err=True)
            else:
                place = f"{card.wall.number}号墙 {card.place}" if card else "还没有相亲会，先不上墙"
                click.echo(f"{profile_id}：通过，{place}")
        if not profile_ids:
            click.echo("没有待审的资料卡。")
    if failed:
        raise click.exceptions.Exit(1)


def _approve(db: Session, profile_id: int, staff: Staff, number: int | None, now: datetime) -> Card | None:
    profile = _profile(db, profile_id)
    profiles.need_reviewer(db, profile, staff, now=now)
    wall: Wall | None = None
    if number is not None:
        union = organisations.of_worker(db, profile.worker, now=now)
        fair = organisations.fair_for(db, union, now=now)
        if fair is None:
            raise Refused("no_fair")
        wall = walls.numbered(db, fair, number)
    profiles.approve(db, profile, staff=staff, now=now, wall=wall)
    return cards.live_card(db, profile)


@command.command()
@click.argument("profile_ids", nargs=-1, type=int, required=True, metavar="PROFILE_ID...")
@click.option("--reason", required=True, help="What has to be changed; the person reads it.")
@as_login
def refuse(profile_ids: tuple[int, ...], reason: str, login: str) -> None:
    """Send profiles back, with a reason that their people read."""
    failed = 0
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        for profile_id in profile_ids:
            try:
                profiles.refuse(db, _profile(db, profile_id), staff=staff, reason=reason, now=now)
                db.commit()
            except Refused as refused:
                db.rollback()
                failed += 1
                click.echo(f"{profile_id}：{explain(refused)}", err=True)
            else:
                click.echo(f"{profile_id}：已退回")
    if failed:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("handover_id", type=int)
@click.option("--words", required=True, help="What you say; the person reads it with your name.")
@as_login
def answer(handover_id: int, words: str, login: str) -> None:
    """Answer a conversation handed to a person (人工); it then waits no longer."""
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        conversations.answer(db, staff_rules.by_login(db, login), handover_id, words, now=now)
        db.commit()
        click.echo(f"{handover_id}：已回")


def _profile(db: Session, profile_id: int) -> Profile:
    profile = db.get(Profile, profile_id)
    if profile is None or profile.state == ProfileState.WITHDRAWN:
        raise Refused("not_found")
    return profile


def _since(moment: datetime, now: datetime) -> str:
    """How long ago, as one says it."""
    gone = now - moment
    if gone < timedelta(hours=1):
        return f"{max(int(gone.total_seconds() // 60), 0)} 分钟"
    if gone < timedelta(days=1):
        return f"{int(gone.total_seconds() // 3600)} 小时"
    return f"{local(moment):%m-%d %H:%M} 起"
