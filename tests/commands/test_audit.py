"""./niangjia audit verify: in order is 0, anything else names the row and is 1."""

from __future__ import annotations

from sqlalchemy import select, text

from models.audit import Audit
from rules import audit
from tests.commands.conftest import Niangjia
from tests.rules.cast import Town
from tests.rules.test_audit import unguarded


def test_G10_verify_names_the_first_bad_row(town: Town, niangjia: Niangjia) -> None:
    assert niangjia("audit", "verify")[0] == 0
    lin = town.staff("lin", town.city)
    for number in (1, 2, 3):
        audit.note(town.db, lin, "profile_approve", f"profile:{number}", now=town.now)
    town.db.commit()
    mark = "{}:{}".format(*audit.head(town.db))
    code, said, _ = niangjia("audit", "verify")
    assert (code, said) == (0, f"操作记录 3 条，前后相连，没有改动。请抄到别处：{mark}\n")
    assert niangjia("audit", "verify", "--known", mark)[0] == 0
    assert niangjia("audit", "verify", "--known", "3")[0] == 2
    town.db.rollback()
    with unguarded(town.engine) as connection:
        connection.execute(text("UPDATE audit SET subject = 'profile:9' WHERE id = 2"))
    code, said, err = niangjia("audit", "verify")
    assert (code, said) == (1, "")
    assert "第 2 条有问题：内容被改过" in err


def test_a_new_colleague_is_written_down_with_their_role(town: Town, niangjia: Niangjia) -> None:
    town.db.commit()
    words = ("--name", "陈老师", "--organisation", "城北区总工会", "--role", "reviewer")
    assert niangjia("staff", "add", "chen", *words)[0] == 0
    town.db.rollback()
    (row,) = town.db.scalars(select(Audit))
    assert (row.act, row.staff_id, row.origin) == ("staff_add", None, "command")
    assert row.after
    assert row.after["role"] == "reviewer"
