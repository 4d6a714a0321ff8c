"""Interop: what comes in from and goes out to other systems, column by column.

The pure half stands on `shared` alone: `reading` turns bytes into records, `guessing` proposes a
profile for them, `mapping` turns each record into an `AccountLine` or a `Rejected`, `intake` counts
a whole file, and `rejects` writes back what was not taken. Nothing there knows a database.

The other half takes a file in: `pictures` puts the rows about one account together, `lookup` loads what
is known of a block of them, `planning` works out which commands each needs (none where nothing moved),
`posting` puts them through the office's one door, and `running` is one import from its bytes to its
figures. `command` and `screens` are how people ask for that; `uploads` keeps a file until they have.
"""
