"""Runs `fieldfare` with this Python, however it was installed."""

from server.cli import main

main()
