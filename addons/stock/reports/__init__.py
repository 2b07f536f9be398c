"""Printed documents of stock."""
