"""What the published area hands to the office: the description of the API of devices."""

from __future__ import annotations

from server.published.api import published_api
from server.spine.areas import Area

AREA = Area(name="published", screens=(published_api,))
