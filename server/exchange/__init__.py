"""Tables in and out: `load`, `export_data` and external ids of any model, set-wise.

A column is a path (`name`, `parent_id`, `parent_id/id`, `order_line/product_id/.id`), a row is a list of cells. `columns` reads
the paths, `rows` cuts the table into records, `cells` turns cells into values, `saving` creates and updates, `export` writes
tables.
"""
