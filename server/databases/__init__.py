"""Several databases on one server: where they are, which are open, and how one is made, copied, saved, brought back and dropped.

`directory.Directory` knows the databases by name; `manager.Manager` does what `db` services and the forms of `/web/database/`
ask for.
"""
