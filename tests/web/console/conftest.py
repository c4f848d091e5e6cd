from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import Config
from tests.web.console.office import Office, open_office


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    """A console with a cast."""
    with open_office(config) as office:
        yield office
