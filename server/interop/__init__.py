"""Interop: what comes in from and goes out to other systems, column by column.

The pure half stands on `shared` alone: `reading` turns bytes into records, `guessing` proposes a
profile for them, `mapping` turns each record into an `AccountLine` or a `Rejected`, `intake` counts
a whole file, and `rejects` writes back what was not taken. Nothing there knows a database.
"""
