"""Printed documents of sales."""
