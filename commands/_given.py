"""What is given to a command: what no table can hold goes no further; it is refused in one line, with exit code 2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from core.visible import tidy

LARGEST = 2**31 - 1
LONGEST = 5000
"""Characters of any one text; most are shorter (`Line`)."""
YEARS = range(2000, 2100)


class Command(click.Command):
    """A command whose numbers, moments and texts are such as there can be."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises BadParameter."""
        rest = super().parse_args(ctx, args)
        for parameter in self.get_params(ctx):
            for value in _each(ctx.params.get(parameter.name or "")):
                if complaint := _beyond(value):
                    raise click.BadParameter(complaint, ctx, parameter)
        return rest


class Line(click.ParamType[str]):
    """A name or a line of text that is not empty, of so many characters at most."""

    name = "text"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Without blanks around it."""
        if complaint := _beyond(value):
            self.fail(complaint, param, ctx)
        line = tidy(value)
        if not line:
            self.fail("it is empty.", param, ctx)
        if len(line) > self.most:
            self.fail(f"{len(line)} characters are too many, at most {self.most}.", param, ctx)
        return line


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from _each(one)
    else:
        yield value


def _beyond(value: Any) -> str:
    """What is wrong with it; nothing as a rule."""
    match value:
        case bool() | None:
            return ""
        case int():
            return "" if abs(value) <= LARGEST else "no number is as large as that."
        case datetime():
            return "" if value.year in YEARS else f"years are {YEARS[0]} to {YEARS[-1]}."
        case str() | Path():
            text = str(value)
            if len(text) > LONGEST:
                return f"{len(text)} characters are too many."
            if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
                return "it has characters that are none."
    return ""
