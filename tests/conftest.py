"""What tests share: the demo shop's state, imported and indexed once a session, and copied for each that writes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from agent.services import open_services
from agent.shop import load_shop

SHOP = Path("shop")

# A rule is right or wrong on a busy machine too.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Call it for a fresh state directory of the demo shop."""
    master = tmp_path_factory.mktemp("demo") / "state"
    open_services(load_shop(SHOP), master).profiles.engine.dispose()

    def copy() -> Path:
        return Path(shutil.copytree(master, tmp_path_factory.mktemp("demo") / "state"))

    return copy
