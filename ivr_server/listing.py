"""How groups of commands list them: each with its whole first sentence, on as many lines as it takes."""

from __future__ import annotations

import click

LONGEST = 400  # letters of a first sentence


class Listing(click.Group):
    """Click's own group cuts what does not fit on one line; this one lets it go on below."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The part "Commands" of a group's help."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str(LONGEST)) for name, one in found if one is not None and not one.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
