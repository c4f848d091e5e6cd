from __future__ import annotations

import pytest

from tests.chat.account import Account, Phone


@pytest.fixture
def phone(account: Account) -> Phone:
    """Somebody who follows already."""
    return account.phone()
