"""Printed documents of accounting."""
