"""Fixtures of the activation tests; what they are made of stands in `activated_shop`."""

import pytest
import sqlalchemy as sa
from activated_shop import Shop, make_shop


@pytest.fixture
def shop(engine: sa.Engine) -> Shop:
    """A merchant without customers."""
    return make_shop(engine)
