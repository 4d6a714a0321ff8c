"""`fieldfare openapi`: the description of the API of devices, for whoever writes or tests a client."""

from __future__ import annotations

import json

import click

from server.app import house
from server.published.document import document


@click.command("openapi")
def openapi() -> None:
    """Write the OpenAPI 3.1 description of the sync and device API; it needs no database."""
    house()  # an area's codes are registered when it is loaded
    click.echo(json.dumps(document(), indent=2, ensure_ascii=False))
