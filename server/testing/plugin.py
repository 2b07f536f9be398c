"""The pytest plugin of the platform (entry point `pytest11`): fixtures for databases, environments and calls, for our tests and
partners' alike.
"""

from __future__ import annotations
