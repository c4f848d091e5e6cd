"""The demo: invented people, places and phones, and a wall printed for them."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from commands._office import office
from commands._printing import print_door, print_wall, wechat
from commands.menu import push_menu
from core.clock import utcnow
from core.config import Config, load
from demo import appointments, broadcasts, cast, console, desks, exams, people, scenery, weeks
from demo.phones import NoEmulator, Phones
from models.people import Worker

CROWD = 400
SEED = 1


@click.command()
def command() -> None:
    """Load invented people, a fair with ten walls and a few phones, print the first wall, push the menu. Twice is once.

    Only where the emulator stands in WeChat's place; run does it at every start.
    """
    config = load()
    load_demo(config)
    push_menu(config)


def load_demo(config: Config) -> None:
    """Put in whatever of the demo is missing. Needs the emulator, Redis and a migrated database; safe to repeat."""
    try:
        phones = Phones(config.wechat.api_base)
    except NoEmulator as no:
        raise click.ClickException(str(no)) from None
    now = utcnow()
    try:
        with office(config) as engine:
            with Session(engine) as db:
                stage = scenery.build(db, now=now)
                exams.build(db, stage, now=now)
                appointments.build(db, stage)
                broadcasts.build(db, stage, now=now)
                to_follow = cast.bring(db, phones, stage, now=now)
                if not db.scalar(select(Worker.id).where(Worker.openid == people.openid(SEED, 0))):
                    unions = [union.id for union in stage.unions.values() if union.level > 2]
                    people.generate(db, CROWD, SEED, now=now, walls=stage.walls, organisation_ids=unions)
                desks.build(db, stage, now=now)
                weeks.build(db, stage, now=now)
                way = console.build(
                    db, stage.staff[console.WHO], config.data_dir, limits=config.console, now=now
                )
                first, token = stage.walls[0].id, stage.fair.token
                db.commit()
            console.keep(way, config.data_dir)
            for phone in to_follow:
                phones.follow(phone)
            sheets = config.data_dir / "sheets"
            sheets.mkdir(mode=0o700, parents=True, exist_ok=True)
            with wechat(config) as client:
                wall = sheets / "wall-1.pdf"
                print_wall(engine, first, client, wall, config=config, now=now, if_needed=True)
                print_door(token, client, sheets / "checkin.png", config=config, now=now)
            cast.talk(phones, now=now)  # last, when those who have just followed are greeted
    except NoEmulator as no:
        raise click.ClickException(str(no)) from None
    finally:
        phones.close()
    click.echo(f"演示数据好了：{CROWD} 张卡片，十面墙；打印好的1号墙在 {wall}")
    click.echo("其余的墙：./niangjia wall print --wall 2 …；审核：./niangjia staff approve --all --as lin")
    click.echo("两条写好的群发：./niangjia broadcast status --as lin")
