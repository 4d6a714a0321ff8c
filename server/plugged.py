"""Commands that other packages plug in under a name, so that no program imports the other."""

from __future__ import annotations

from importlib.metadata import entry_points

import click


class Plugged(click.Group):
    """A group of commands, and those that packages registered under its entry points."""

    entry_group = ""
    """The name of the entry points, as `pyproject.toml` writes it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every command."""
        plugged = {entry.name for entry in entry_points(group=self.entry_group)}
        return sorted({*super().list_commands(ctx), *plugged})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command here, else load the package that registered it."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        for entry in entry_points(group=self.entry_group, name=cmd_name):
            command: click.Command = entry.load()
            return command
        return None
