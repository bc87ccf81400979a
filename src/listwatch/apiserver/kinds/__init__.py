"""What an object must be: shapes, defaults, validation and strategies of the built-in kinds.

Rules: pure; sees `wire` only. An object goes through schema.py (decode), defaults.py, strategy.py (prepare) and
validation.py, in this order.
"""
