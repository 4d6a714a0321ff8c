"""Need to know: people only a few may see, opening what is hidden for a reason, and its review.

What a reader's queries see is told to the database by `spine.sight`; here is who is on which list.
"""
