"""Pure rules of the glue."""
