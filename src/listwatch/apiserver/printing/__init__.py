"""Objects as rows of tables, with the columns that `kubectl get` shows.

Rules: pure; sees `kinds` only.
"""
