"""Whose field is it: server-side apply and the managed fields that it rests on.

Pure: shapes, objects and field sets go in, objects and field sets come out. `field_manager.py` is the way in.
"""
