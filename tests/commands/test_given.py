"""Absurd numbers, moments and texts are refused as usage, by every command for staff, before anything is opened."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import click
import pytest

from commands.__main__ import start

GROUPS = ("appointment", "exam", "staff", "wall", "broadcast", "audit", "keys")
HUGE = "99999999999999999999"


def commands() -> Iterator[tuple[tuple[str, str], click.Command]]:
    for name in GROUPS:
        group: click.Group = importlib.import_module(f"commands.{name}").command
        yield from (((name, one), command) for one, command in group.commands.items())


def possible(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.DateTime):
        return "2026-11-24" if len(kind.formats[0]) < 9 else "2026-11-24 09:00"
    return "7" if isinstance(kind, (click.IntRange, click.types.IntParamType)) else "名字"


def absurd(kind: click.ParamType[Any]) -> tuple[str, ...]:
    if isinstance(kind, (click.IntRange, click.types.IntParamType)):
        return (HUGE, f"-{HUGE}", "1.5", "二") + (("-1",) if isinstance(kind, click.IntRange) else ())
    if isinstance(kind, click.DateTime):
        return tuple(
            possible(kind).replace("2026-11-24", day) for day in ("0001-01-01", "9999-12-31", "2026-02-30")
        )
    if isinstance(kind, (click.Choice, click.File)) or kind is click.BOOL:
        return ("没有这样的",) * (not isinstance(kind, click.types.BoolParamType))
    return ("名" * 10_000, "a\udc80b", *(() if isinstance(kind, click.Path) else ("a\0b",)))


def is_said(parameter: click.Parameter) -> bool:
    return not (isinstance(parameter, click.Option) and (parameter.is_flag or parameter.opts == ["--help"]))


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*one, id=" ".join(one[0])) for one in commands()]
)
def test_what_there_can_not_be_is_refused(words: tuple[str, str], command: click.Command) -> None:
    said = [one for one in command.params if is_said(one)]
    for wrong in said:
        for value in absurd(wrong.type):
            options, arguments = [], ["--"]
            for one in said:
                if one is wrong or one.required or isinstance(one, click.Argument):
                    text = value if one is wrong else possible(one.type)
                    if isinstance(one, click.Option):
                        options += [one.opts[-1], text]
                    else:
                        arguments.append(text)
            with pytest.raises(click.UsageError):
                command.make_context(words[1], [*options, *arguments])


def test_it_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert start(["exam", "quota", HUGE, "3", "--as", "lin"]) == 2
    said = capsys.readouterr().err
    assert [line for line in said.splitlines() if line.startswith("Error")] == [
        "Error: Invalid value for 'SITTING': no number is as large as that."
    ]
    assert "details" not in said
