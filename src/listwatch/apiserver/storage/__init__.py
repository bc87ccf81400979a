"""The server's memory: one log of all changes, and the state at any revision of it.

Rules: synchronous; sees `kinds` for the names of collections only.
"""
