"""Who asked what, and how it went: every exchange told to observers, a journal of them, metrics, an audit log.

Rules: sees `wire` and `access` for words, never the verbs: what is told of a request is what its head says and what
came back. Nothing here changes an answer. No secret is kept: of bodies only sizes and whether a version was named.
"""
