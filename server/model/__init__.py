"""The record layer: fields, definitions, the registry that composes them, and records as sets over SQLAlchemy Core."""
