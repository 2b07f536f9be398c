"""Pure rules of the addon: plain functions on values, no database."""
