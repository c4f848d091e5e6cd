from __future__ import annotations

from pathlib import Path

import pytest

from commands.assets import VENDOR, install_assets

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def font_dir() -> Path:
    """The folder of the typeface, installed if it is not there yet."""
    install_assets(REPOSITORY)
    return REPOSITORY / VENDOR / "fonts"
