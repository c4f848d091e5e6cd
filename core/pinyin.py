"""By which letters somebody types a Chinese name: the initials of its syllables."""

from __future__ import annotations

import itertools
import unicodedata
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

SPELLINGS = 4
"""So many are kept of a name whose characters have several readings (单 is d, s and c)."""


@cache
def _letters() -> dict[str, str]:
    """Character -> the initials of its readings, the usual one first.

    pypinyin's table of characters alone: the package, with its phrases, would cost each process 58 MB.
    """
    package = find_spec("pypinyin")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("pypinyin is not installed", name="pypinyin")
    file = Path(package.submodule_search_locations[0], "pinyin_dict.py")
    spec = spec_from_file_location("niangjia_pinyin_dict", file)
    assert spec
    assert spec.loader
    table = module_from_spec(spec)
    spec.loader.exec_module(table)
    return {
        chr(code): "".join(dict.fromkeys(_plain(said) for said in readings.split(",")))
        for code, readings in table.pinyin_dict.items()
    }


def _plain(reading: str) -> str:
    return unicodedata.normalize("NFKD", reading)[0].lower()


def initials(text: str) -> list[str]:
    """How the text may be typed by initials, the usual reading first; letters and digits stand for themselves."""
    table = _letters()
    choices = [
        table.get(one) or one.lower() for one in reversed(text)
    ]  # a surname varies before what follows
    return ["".join(reversed(one)) for one in itertools.islice(itertools.product(*choices), SPELLINGS)]
