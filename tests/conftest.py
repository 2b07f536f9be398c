"""What all tests of the project share beside the plugin `server.testing.plugin`: patience on busy machines."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says nothing here: several test runs may share one small machine.
settings.register_profile("colca", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("colca")
