"""Pure rules of selling: plain functions on values, tested without a database."""
