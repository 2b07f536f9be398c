"""The database below the records: engines and column types."""
