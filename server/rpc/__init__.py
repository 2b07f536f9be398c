"""The doors for integrations: XML-RPC and JSON-RPC over one dispatcher.

`xmlrpc` and `jsonrpc` only read and write wire formats; `services` knows the three services `common`, `object` and `db`;
`dispatcher` calls a model's method in one transaction; `errors` says how a refusal looks at each door. No business rule lives
here.
"""
