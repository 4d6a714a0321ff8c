"""People: who they are, what they were called, where they live or lived, and how to reach them.

`terms` and `places` say how names and addresses are compared and named, `markers` how staff are warned,
`search` finds people and accounts by any of it, and `timeline` tells from the change log what happened.
Other areas read `queries`, and their recorders use `place_rows.keep` and `search_terms.keep`; nothing
else writes this area's rows.
"""
