"""What all tests of the project share beside the plugin `server.testing.plugin`: patience on busy machines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# How long an example takes says nothing here: several test runs may share one small machine.
settings.register_profile("colca", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("colca")

# Node.js may have come into the virtual environment (scripts/clients.sh), which is on no PATH when Python is called by its own.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", "")])
