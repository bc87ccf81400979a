"""What a request and an answer are made of: paths and queries, media types, Statuses, times.

Rules: sees nothing else of the server.
"""
