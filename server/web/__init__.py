"""Pages for people. For now one: what runs here. The web client that renders declared views comes with a later issue."""
