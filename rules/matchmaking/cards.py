"""A profile's card: its place on a wall, its token, and the code that WeChat makes of it.

A card is live until it is revoked. Its token is 128 random bits and says nothing; whoever re-issues a card voids the
paper that hangs there. Two indexes referee every race: a place has one live card, and a profile has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.config import Config
from core.db import insert_new
from core.errors import Refused
from models.matchmaking import Card, Profile, Wall
from qr.scenes import CardScene, new_token

_TRIES = 50
_AT_ONCE = 4
_BATCH = 40


class Code(Protocol):
    """A WeChat code: what it encodes and until when it works."""

    @property
    def url(self) -> str: ...

    @property
    def expires_at(self) -> datetime | None: ...


class CodeMaker(Protocol):
    """What makes WeChat codes: bot.client, which this layer may not know. Its errors pass through unchanged."""

    def create_code(self, scene: str, expire_seconds: int | None, *, now: datetime | None = None) -> Code:
        """Make a code for a scene, temporary when it is told for how long."""
        ...


def live_card(db: Session, profile: Profile) -> Card | None:
    """The profile's card, if it has one that is not revoked."""
    return db.scalar(select(Card).where(Card.profile_id == profile.id, Card.revoked_at.is_(None)))


def issue(db: Session, profile: Profile, wall: Wall, *, now: datetime) -> Card:
    """Give the profile a card at the lowest free place of the wall. Never two cards to a place or a profile."""
    for _ in range(_TRIES):
        if live_card(db, profile):
            raise Refused("card_exists")
        card = _make(db, profile.id, wall.id, free_position(db, wall), now)
        if card:
            return card  # else somebody was first, whose card is committed by now: the next look sees it
    raise Refused("wall_busy")


def reissue(db: Session, card: Card, *, now: datetime) -> Card:
    """Void the card and put a fresh one, with a new token and code, at the same place."""
    if not _revoke(db, card, now):
        raise Refused("card_revoked")
    fresh = _make(db, card.profile_id, card.wall_id, card.position, now)
    if fresh is None:
        raise Refused("wall_busy")
    return fresh


def revoke(db: Session, card: Card, *, now: datetime) -> None:
    """Void the card for good and free its place. A card that is void stays as it is."""
    _revoke(db, card, now)


def free_position(db: Session, wall: Wall) -> int:
    """The lowest place of the wall without a live card; a wall is never full, paper can be added."""
    at = (Card.wall_id == wall.id, Card.revoked_at.is_(None))
    if db.scalar(select(Card.id).where(*at, Card.position == 1)) is None:
        return 1
    after = aliased(Card)
    gap = (
        select(Card.position + 1)
        .outerjoin(
            after,
            (after.wall_id == wall.id) & (after.position == Card.position + 1) & after.revoked_at.is_(None),
        )
        .where(*at, after.id.is_(None))
        .order_by(Card.position)
        .limit(1)
    )
    return db.scalars(gap).one()


def _make(db: Session, profile_id: int, wall_id: int, position: int, now: datetime) -> Card | None:
    token = new_token()
    made = insert_new(
        db, Card, profile_id=profile_id, wall_id=wall_id, position=position, token=token, issued_at=now
    )
    return db.scalars(select(Card).where(Card.token == token)).one() if made else None


def _revoke(db: Session, card: Card, now: datetime) -> bool:
    db.flush()
    done = db.execute(
        update(Card)
        .where(Card.id == card.id, Card.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Card.id)
    ).first()
    db.refresh(card)
    return done is not None


# Codes


def needs_code(card: Card, *, now: datetime, config: Config) -> bool:
    """Whether the card's code is missing or would stop working too soon to be printed."""
    return card.url is None or card.url_expires_at is None or card.url_expires_at < _soon(now, config)


def without_code(db: Session, wall: Wall, *, now: datetime, config: Config) -> int:
    """How many live cards of the wall have no code that lasts long enough to be printed."""
    query = select(func.count(Card.id)).where(Card.wall_id == wall.id, _lacks_code(now, config))
    return db.scalar(query) or 0


def want_codes(db: Session, wall: Wall, *, now: datetime) -> None:
    """Have the codes of this wall made by a worker (tasks/codes.py). Asked for twice, they are made once."""
    db.execute(
        update(Wall).where(Wall.id == wall.id, Wall.codes_wanted_at.is_(None)).values(codes_wanted_at=now)
    )


def _lacks_code(now: datetime, config: Config) -> ColumnElement[bool]:
    """The same as `needs_code`, of live cards, as a condition."""
    ends = Card.url_expires_at
    missing = or_(Card.url.is_(None), ends.is_(None), ends < _soon(now, config))
    return and_(Card.revoked_at.is_(None), missing)


def renew_codes(
    engine: Engine,
    wall: Wall,
    client: CodeMaker,
    *,
    now: datetime,
    config: Config,
    limit: int | None = None,
) -> int:
    """Make every code of the wall's live cards last long enough to be printed; return how many were made.

    Commits as it goes and asks WeChat a few at a time, so that an error or a kill loses little: calling it again does
    the rest. Raises the client's first error after keeping what was made before it.
    """
    with Session(engine) as db:
        tokens = db.scalars(
            select(Card.token)
            .where(Card.wall_id == wall.id, _lacks_code(now, config))
            .order_by(Card.position)
            .limit(limit)
        ).all()
    made = 0
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for batch in _batches(tokens, _BATCH):
            asked = {
                pool.submit(client.create_code, CardScene(token).pack(), _life(config), now=now): token
                for token in batch
            }
            _, open_ = wait(asked, return_when=FIRST_EXCEPTION)
            for future in open_:
                future.cancel()
            wait(asked)
            failed: BaseException | None = None
            with Session(engine) as db:
                for future, token in asked.items():
                    if future.cancelled():
                        continue
                    if error := future.exception():
                        failed = failed or error
                        continue
                    made += _keep(db, token, future.result())
                db.commit()
            if failed:
                raise failed
    return made


def _keep(db: Session, token: str, code: Code) -> bool:
    """Keep a code unless its card was revoked meanwhile. What was printed before shows the old code: print it again."""
    kept = db.execute(
        update(Card)
        .where(Card.token == token, Card.revoked_at.is_(None))
        .values(url=code.url, url_expires_at=code.expires_at, printed_at=None)
        .returning(Card.id)
    ).first()
    return kept is not None


def _soon(now: datetime, config: Config) -> datetime:
    return now + timedelta(days=config.matchmaking.code_renew_days)


def _life(config: Config) -> int:
    return config.matchmaking.code_days * 86400


def _batches(tokens: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(tokens)
    while batch := list(islice(rest, size)):
        yield batch
