"""The empty file to fill in: the headings, and on a second sheet what each column wants, with examples."""

from __future__ import annotations

from typing import BinaryIO

import xlsxwriter

from forms.answers import Answers, Given
from forms.fields.base import Field
from forms.imports.base import Import, Work
from forms.imports.reading import ROWS


def write(out: BinaryIO, what: Import, work: Work) -> None:
    """Write the template of an import as .xlsx. All cells are text, so that zeros and long numbers survive."""
    form = what.form
    given = Given(Answers({}), work.now, form.context(work) if form.context else {})
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    text = book.add_format({"num_format": "@"})
    head = book.add_format({"num_format": "@", "bold": True, "bg_color": "#FBEEEC", "border": 1})
    wrap = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    sheet, notes = book.add_worksheet(what.title[:31]), book.add_worksheet("填写说明")
    sheet.freeze_panes(1, 0)
    for column, item in enumerate(form.fields):
        sheet.set_column(column, column, 20, text)
        sheet.write_string(0, column, f"{item.label}{'' if _may_be_empty(item) else '*'}", head)
        labels = _labels(item, given)
        if labels and sum(map(len, labels)) + len(labels) < 250:  # as long as Excel's own list may be
            sheet.data_validation(1, column, ROWS, column, {"validate": "list", "source": labels})
    notes.set_column(0, 0, 16)
    notes.set_column(1, 1, 60)
    lines = [
        (what.title, what.hint),
        ("怎么填", "在第一张表里填，一行一个。带 * 的列必填。列的顺序可以换，列名不要改。"),
    ]
    lines += [(item.label, _about(item, given)) for item in form.fields]
    for number, example in enumerate(what.examples, 1):
        pairs = zip((item.label for item in form.fields), example, strict=True)
        lines.append((f"例子 {number}", "，".join(f"{label}：{words}" for label, words in pairs if words)))
    for row, (name, words) in enumerate(lines):
        notes.write_string(row, 0, name, head)
        notes.write_string(row, 1, words, wrap)
    book.close()


def _may_be_empty(item: Field) -> bool:
    return item.optional or item.when is not None


def _labels(item: Field, given: Given) -> list[str]:
    try:
        return [option.label for option in item.options(given)]
    except (KeyError, TypeError, AttributeError):  # choices that depend on an answer there is none of here
        return []


def _about(item: Field, given: Given) -> str:
    labels = _labels(item, given)
    parts = [
        "可以不填" if _may_be_empty(item) else "必填",
        f"填其中一个：{'、'.join(labels)}" if labels else "",
        f"比如 {item.example}" if item.example and not labels else "",
    ]
    return "；".join(part for part in parts if part)
