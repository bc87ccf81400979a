"""Python modules from OpenAPI documents: names (names.py), meaning (schema.py), text (source.py)."""
