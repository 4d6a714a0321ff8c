"""The one look of both programs: page frame, macros, styles and static files; data, not code."""
