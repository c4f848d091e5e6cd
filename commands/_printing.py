"""Printing a wall, for the command and for the demo: codes that last, a whole file or none, and what was printed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.client import Client
from bot.platform_errors import CallFailed
from core import redis
from core.config import Config
from core.redis import LOST
from models.matchmaking import Wall
from qr.fonts import FontsMissing
from qr.images import png, svg
from qr.scenes import CheckInScene
from qr.sheets import Printed
from rules.matchmaking import cards, walls
from rules.matchmaking.printing import Sheets

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What came of printing a wall: `cards` is 0, and no file was written, when nothing had to be printed."""

    cards: int
    new_codes: int
    printed: Printed | None


@contextmanager
def wechat(config: Config) -> Iterator[Client]:
    """The client of WeChat; what goes wrong there, or with Redis, becomes one line."""
    db = redis.connect(config)
    client = Client(config, db)
    try:
        yield client
    except CallFailed as error:
        raise click.ClickException(
            f"微信没有答应：{error}。什么也没有改，用 ./niangjia doctor 看看哪里不通，然后再来一次。"
        ) from None
    except LOST as error:
        raise click.ClickException(
            f"Redis does not answer: {error}; is ./niangjia run or redis on?"
        ) from None
    finally:
        client.close()
        db.close()


def print_wall(
    engine: Engine,
    wall_id: int,
    client: Client,
    out: Path,
    *,
    config: Config,
    now: datetime,
    posters: bool = False,
    only_changed: bool = False,
    if_needed: bool = False,
) -> Done:
    """Renew the wall's codes and print its cards into a PDF file: on sheets to cut up, or one large card to a page.

    `if_needed`: leave a file alone in which nothing is out of date.
    """
    with Session(engine) as db:
        wall = db.get_one(Wall, wall_id)
        made = cards.renew_codes(engine, wall, client, now=now, config=config)
        if if_needed and out.exists() and not walls.to_print(db, wall, only_changed=True):
            return Done(0, made, None)
        hanging = [card for card in walls.to_print(db, wall, only_changed=only_changed) if card.url]
        if not hanging:
            return Done(0, made, None)
        sheets = Sheets(hanging, wall, now=now)
        db.rollback()  # drawing takes a while; nobody waits for it
        printed = write_whole(out, lambda file: sheets.draw(file, posters=posters))
        walls.mark_printed(db, sheets.on_paper, now=now)
        db.commit()
        return Done(len(sheets.on_paper), made, printed)


def write_whole(out: Path, write: Callable[[BinaryIO], T]) -> T:
    """Write a file so that at no moment there is half of it under its name."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            result = write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except FontsMissing as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return result


def print_door(token: str, client: Client, out: Path, *, config: Config, now: datetime) -> datetime | None:
    """Draw a fresh check-in code of an event as .svg or .png; return until when it works."""
    seconds = config.matchmaking.code_days * 86400
    code = client.create_code(CheckInScene(token).pack(), seconds, now=now)
    picture = svg(code.url).encode() if out.suffix == ".svg" else png(code.url)
    write_whole(out, lambda file: file.write(picture))
    return code.expires_at
