"""关键词: which words lead where."""

from __future__ import annotations

import pytest

from handlers import ROUTERS
from tests.web.console.office import Office
from web.console.vocabulary import FEATURES


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("人工", "就是“人工”"),
        ("我不想活了", "让人担心"),
        ("今天天气真好呀", "没有词对上"),
        ("", "写一句话试试"),
    ],
)
def test_a_sentence_is_tried_without_anybody_hearing_it(office: Office, words: str, said: str) -> None:
    seat = office.seat("north_pro")
    page = seat.get("/vocabulary").text
    assert "找工作人员" in page
    assert "转人工" in page
    assert said in seat.post("/vocabulary/try", words=words).text


def test_every_feature_has_a_name_that_staff_read() -> None:
    assert {router.name for router in ROUTERS} <= FEATURES.keys()
