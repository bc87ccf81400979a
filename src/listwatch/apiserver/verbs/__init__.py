"""What is done with a request once it is known who asks for what: reading, writing, deleting, watching.

Rules: a verb takes a `Call` and gives a `Response`, or raises an `APIFailure` and has changed nothing.
"""
