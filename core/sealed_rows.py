"""Whether the keys we were given are those of this database."""

from __future__ import annotations

from sqlalchemy import Engine, text

from core.config import Config
from core.crypto import KeyRing

_PLACES = (
    ("notice", "facts", "id"),
    ("profile", "contact", "id"),
    ("dialog", "state", "worker_id"),
    ("exam_sign_up", "id_number", "id"),
    ("credential", "totp_secret", "staff_id"),
)


def can_be_opened(config: Config, engine: Engine) -> bool:
    """Open the oldest and the newest sealed values; False when one is sealed with a key that is not there.

    Needs the tables at the newest version and complete secrets.
    """
    security = config.security
    ring = KeyRing(security.field_keys.get_secret_value(), security.index_key.get_secret_value())
    with engine.connect() as db:
        for table, column, key in _PLACES:
            for order in ("ASC", "DESC"):
                query = (
                    f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {key} {order} LIMIT 1"  # noqa: S608 - our own names
                )
                sealed = db.scalar(text(query))
                if sealed is not None and not ring.knows(bytes(sealed)):
                    return False
    return True
