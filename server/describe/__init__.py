"""What the API of one database is, for one caller: models, fields and methods with their types, described once.

`catalog.py` says what there is (by the rights, the key, the company and the language of the caller); `docstrings.py`,
`annotations.py`, `schemas.py` and `signatures.py` say what it looks like. `bearer.py`, `openapi.py` and `openrpc.py` write that
down in the formats that programs read, and `publish.py` keeps the finished documents.
"""
