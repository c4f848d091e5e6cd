"""Exams: plan sittings, see how full they are, export who signed up."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from bot.texts import exams as texts
from bot.texts.times import dated
from commands._given import Line
from commands._help import Group
from commands._office import office, table
from core.clock import SHANGHAI, local, utcnow
from core.config import load
from core.errors import Refused
from models.exams import Sitting
from rules import organisations
from rules import staff as staff_rules
from rules.exams import lists, quotas, sittings

MOMENTS = ["%Y-%m-%d %H:%M"]
STATES = {
    "placed": "有名额",
    "waiting": "候补",
    "offered": "待答复",
    "withdrawn": "已撤回",
    "lapsed": "放弃候补",
}
HEAD = ("报名号", "姓名", "身份证号", "手机号", "单位", "状态", "报名时间")
WIDTHS = (12, 12, 22, 14, 28, 12, 18)

as_login = click.option("--as", "login", metavar="LOGIN", required=True, help="Who acts; written down.")


@click.group(cls=Group)
def command() -> None:
    """Plan sittings of exams, see how full they are, export who signed up.

    Everybody sees what belongs to their union and the unions below it.
    """


@command.command("list")
@click.option("--all", "over", is_flag=True, help="Also those that are over.")
@as_login
def list_(over: bool, login: str) -> None:
    """List the sittings: places, how many are taken, how many wait."""
    now = utcnow()
    with office(load()) as engine, Session(engine) as db:
        found = sittings.within(db, staff_rules.by_login(db, login), now=now, over=over)
        table(
            ("场次", "工种", "时间", "地点", "名额", "已占", "候补", "报名"),
            (
                (
                    one.id,
                    texts.title_of(one),
                    f"{local(one.starts_at):%Y-%m-%d %H:%M}",
                    one.place,
                    one.quota,
                    one.taken,
                    one.waiting,
                    _phase(one, now),
                )
                for one in found
            ),
        )


@command.command()
@click.option("--union", required=True, metavar="NAME", help="Whose exam it is.")
@click.option("--trade", required=True, metavar="NAME", help="For instance 仓库保管员; a new one is added.")
@click.option("--level", type=click.IntRange(1, 5), required=True, help="5 is the lowest (初级工).")
@click.option("--place", type=Line(100), required=True, help="Where; people read it.")
@click.option("--at", "starts", type=click.DateTime(MOMENTS), required=True, help="In China's time.")
@click.option("--opens", type=click.DateTime(MOMENTS), required=True, help="Sign-up begins.")
@click.option("--closes", type=click.DateTime(MOMENTS), required=True, help="Sign-up ends.")
@click.option("--quota", type=click.IntRange(1, 100_000), required=True, help="Places.")
@click.option("--min-age", type=click.IntRange(14, 80), default=18, show_default=True)
@click.option("--prior-level", type=click.IntRange(2, 5), help="The level that one must have already.")
@click.option("--service-months", type=click.IntRange(1, 600), help="So long in this trade.")
@click.option(
    "--require",
    "others",
    type=Line(100),
    multiple=True,
    metavar="WORDS",
    help="Anything else; people read it.",
)
@as_login
def add(
    union: str,
    login: str,
    starts: datetime,
    opens: datetime,
    closes: datetime,
    min_age: int,
    prior_level: int | None,
    service_months: int | None,
    others: tuple[str, ...],
    **facts: Any,
) -> None:
    """Plan a sitting. People can sign up by chat from --opens until --closes."""
    needs: list[dict[str, Any]] = [{"kind": "age", "least": min_age, "words": texts.age_words(min_age)}]
    if prior_level:
        needs.append({"kind": "prior", "level": prior_level, "words": texts.prior_words(prior_level)})
    if service_months:
        words = texts.service_words(service_months)
        needs.append({"kind": "service", "months": service_months, "words": words})
    needs += [{"kind": "other", "words": words} for words in others]
    with office(load()) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        holder = organisations.named(db, union)
        if holder is None:
            raise Refused("no_such_union")
        sitting = sittings.plan_as(
            db,
            staff,
            holder,
            now=utcnow(),
            starts_at=starts.replace(tzinfo=SHANGHAI),
            opens_at=opens.replace(tzinfo=SHANGHAI),
            closes_at=closes.replace(tzinfo=SHANGHAI),
            requirements=needs,
            **facts,
        )
        db.commit()
        click.echo(
            f"场次 {sitting.id} 定好了：{texts.title_of(sitting)}，{dated(sitting.starts_at)}，"
            f"{sitting.quota} 个名额，{dated(sitting.opens_at)} 开始报名。"
        )


@command.command()
@click.argument("sitting_id", metavar="SITTING", type=int)
@click.argument("places", metavar="PLACES", type=click.IntRange(1, 100_000))
@as_login
def quota(sitting_id: int, places: int, login: str) -> None:
    """Give a sitting more or fewer places. New ones are offered to who waits, in order; nobody loses a place."""
    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        changed = quotas.change(db, staff, sitting_id, places, now=utcnow(), limits=config.waiting)
        sitting = db.get_one(Sitting, sitting_id)
        db.commit()
        click.echo(
            f"场次 {sitting_id} 的名额：{changed.before} 个改为 {places} 个，已占 {sitting.taken} 个（含待答复的）。"
        )
        if changed.offered:
            click.echo(f"按顺序问了 {changed.offered} 位候补的人，要不要这个名额。")


@command.command()
@click.argument("sitting_id", metavar="SITTING", type=int)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="[default: exports/exam-N.xlsx in data.dir]",
)
@click.option("--full", is_flag=True, help="With whole ID and phone numbers; needs --reason.")
@click.option("--reason", default="", help="Why; written down.")
@as_login
def export(sitting_id: int, out: Path | None, full: bool, reason: str, login: str) -> None:
    """Write who signed up as an .xlsx for Excel. ID and phone numbers are masked; each export is written down."""
    from commands._sheets import write

    config = load()
    with office(config) as engine, Session(engine) as db:
        staff = staff_rules.by_login(db, login)
        rows = lists.export(db, staff, sitting_id, now=utcnow(), whole=full, reason=reason)
        title = texts.title_of(db.get_one(Sitting, sitting_id))
        if out is None:
            folder = config.data_dir / "exports"
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            out = folder / f"exam-{sitting_id}.xlsx"
        try:
            write(out, title, HEAD, [_cells(row) for row in rows], widths=WIDTHS, then=db.commit)
        except OSError as error:
            raise click.ClickException(f"{out}: {error.strerror}") from None
    click.echo(f"{out}：{title}，{len(rows)} 人{'' if full else '（身份证号和手机号已遮住）'}")


def _cells(row: lists.Row) -> tuple[str, ...]:
    state = STATES[row.state]
    if row.place is not None:
        state += f"第 {row.place} 位"
    when = f"{local(row.signed_at):%Y-%m-%d %H:%M:%S}"
    return row.number, row.name, row.id_number, row.phone, row.employer, state, when


def _phase(one: Sitting, now: datetime) -> str:
    if now < one.opens_at:
        return f"{local(one.opens_at):%m-%d %H:%M} 开始"
    return f"到 {local(one.closes_at):%m-%d %H:%M}" if now < one.closes_at else "已截止"
