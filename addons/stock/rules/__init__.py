"""Pure rules of the warehouse: plain functions on values, tested without a database."""
