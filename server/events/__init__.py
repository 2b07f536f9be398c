"""What others want to hear of changes: webhooks (posted to them) and the change feed (asked for by them).

A transaction takes notes of what it does to the models that somebody watches (`capture.py`) and writes them down in its last
moment, in the same transaction: deliveries for the worker to post (`deliveries.py`, `courier.py`, `posting.py`, `signing.py`) and
rows of the change feed (`feed.py`). Who watches what is remembered in the process (`watch.py`); where nobody does, nothing is
noted and nothing asked.
"""
