"""The API keeps to its own description, whatever is asked of it: schemathesis finds no fault."""

import pytest
import schemathesis
from evidence_world import open_world
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from web_kit import history, surfaces_on

from agent.web.app import create_app

EXAMPLES = 5
"""Requests of each operation and kind: the whole must take less than 40 seconds."""


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    """The operations of the API of a small log, as its own document describes them."""
    folder = tmp_path_factory.mktemp("contract")
    with open_world(folder) as world:
        history(world)
        app = create_app(surfaces_on(world, folder))
        schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
        yield [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_it_keeps_to_its_description(operations, mode):
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not operation.definition.raw.get("parameters"):
            continue  # there is nothing to get wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def asked(case):
            case.call_and_validate()

        asked()
    assert len(operations) > 20
