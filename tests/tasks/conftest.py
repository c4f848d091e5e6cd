from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.config import Config
from tests.tasks.campaign import Campaign
from tests.tasks.campaign import opened as broadcasting
from tests.tasks.office import Office, opened


@pytest.fixture
def office(config: Config) -> Iterator[Office]:
    """An outbox between its own database and its own platform."""
    with opened(config) as one:
        yield one


@pytest.fixture
def campaign(config: Config) -> Iterator[Campaign]:
    """A union that writes to its people, four to a mass call."""
    with broadcasting(config) as one:
        yield one
