"""Help of commands that have commands below them."""

from __future__ import annotations

import click

from commands._given import Command


class Group(click.Group):
    """A group whose help says the first sentence of each command whole, however narrow the terminal."""

    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, command.get_short_help_str(limit=200))
                    for name, command in sorted(self.commands.items())
                    if not command.hidden
                ]
            )
