"""Keeping: backups that were restored once before they count, and a restore that devices notice.

It may read every area's checks, the settings and the one row that numbers commits; it writes its
own rows, and the watermark in that row, and nothing else of the office.
"""
