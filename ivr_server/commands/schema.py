"""``ivr-server schema``: the JSON Schema of a flow file, for editors."""

from __future__ import annotations

import json

import click

from flows.reading import json_schema


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of a flow file, so that an editor completes and checks while you type.

    Example: ivr-server schema > flows/flow.schema.json

    Then begin each flow file with the line  # yaml-language-server: $schema=flow.schema.json
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
