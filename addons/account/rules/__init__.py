"""Pure rules of accounting: plain functions on values, no database, no environment."""
