"""For the tests of addons, ours and partners': a pytest plugin with fixtures, and `AddonSuite`, the tests every addon gets for
naming itself.
"""

from __future__ import annotations
