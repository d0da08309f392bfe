"""What every test has: how long a machine takes is no finding of a property test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("tutelage", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tutelage")
