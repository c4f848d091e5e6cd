from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from core import crypto
from core.config import Config
from core.db import make_engine
from tests.rules.cast import Town, build


@pytest.fixture
def town(config: Config) -> Iterator[Town]:
    """A city with two districts and a fair that is on."""
    crypto.use(config)
    engine = make_engine(config)
    with Session(engine) as db:
        yield build(engine, db)
        db.rollback()
    engine.dispose()
