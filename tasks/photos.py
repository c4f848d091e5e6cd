"""Photos sent in the chat: fetched from WeChat a few at a time, looked at, sealed, and put in their row.

Whatever happens in between, a row that has no file yet is found again, and a file that no row names is swept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.client import Client
from bot.platform_errors import CallFailed, PlatformError, Reaction
from core import log, sealed_files
from core.config import Config
from core.pictures import NotAPicture, small_jpeg
from rules.matchmaking import photos
from rules.notices import NEW_NOTICES

AT_ONCE: Final = 20
"""Photos in one run: some ten seconds where WeChat answers slowly."""

_log = log.get("photos")


def fetch_due(config: Config, engine: Engine, db: redis.Redis, now: datetime) -> bool:
    """Fetch what is due. Whether somebody is to be told something."""
    with Session(engine) as session:
        due = photos.due(session, now, limit=AT_ONCE)
    if not due:
        return False
    client, has_news = Client(config, db), False
    try:
        for photo_id, media_id in due:
            try:
                write = fetched(config, client, photo_id, media_id, now)
                is_away = False
            except CallFailed as error:
                _log.warning("photo not fetched, trying again", photo=photo_id, error=type(error).__name__)
                write = _later(photo_id, now)
                is_away = not isinstance(error, PlatformError)
            with Session(engine) as session:
                write(session)
                has_news = has_news or session.info.get(NEW_NOTICES, False)
                session.commit()
            if is_away:
                break
    finally:
        client.close()
    return has_news


def fetched(
    config: Config, client: Client, photo_id: int, media_id: str, now: datetime
) -> Callable[[Session], None]:
    """What is to be written about a photo, after WeChat was asked for it. Raises CallFailed when it may come later."""
    try:
        picture = small_jpeg(client.download(media_id))
    except NotAPicture as error:
        return _lost(photo_id, error.code, now)
    except PlatformError as error:
        if error.reaction is not Reaction.NEVER:
            raise
        return _lost(photo_id, "gone", now)
    place = photos.folder(config)
    name = sealed_files.keep(place, picture.jpeg)

    def write(session: Session) -> None:
        if not photos.arrived(session, photo_id, name, picture, now=now):
            sealed_files.drop(place, name)

    return write


def _lost(photo_id: int, why: str, now: datetime) -> Callable[[Session], None]:
    return lambda session: photos.lost(session, photo_id, why, now=now)


def _later(photo_id: int, now: datetime) -> Callable[[Session], None]:
    return lambda session: photos.postpone(session, photo_id, now=now)
