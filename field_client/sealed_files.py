"""What the files beside a shut vault are called, which it writes and the keeper brings to the office."""

from __future__ import annotations

SEALED_COPY = ".sealed"
"""What the file of a sealed copy of unsent work ends with."""

SEALED_PHOTOGRAPH = ".photograph"
"""What the file of a sealed photograph ends with."""

BROUGHT = ".brought"
"""What it ends with, and is empty, once the office has it and the vault does not know yet."""

ANYWAY = "on-any-connection"
"""Lies in the folder where the officer has photographs sent whatever the connection costs."""
