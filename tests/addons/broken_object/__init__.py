"""A package whose entry point is no manifest."""

addon = {"name": "broken_object"}
