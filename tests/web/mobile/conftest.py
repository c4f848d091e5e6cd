from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import Config
from tests.web.mobile.hall import Browser, Hall, open_hall


@pytest.fixture
def hall(config: Config) -> Iterator[Hall]:
    """The pages with a platform behind them."""
    with open_hall(config) as hall:
        yield hall


@pytest.fixture
def phone(hall: Hall) -> Browser:
    """Somebody who follows."""
    return hall.browser()
