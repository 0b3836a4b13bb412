"""The SDK's models with no more of them than is called."""

import botocore.session
import pytest

from checks.aws.models import FewOperations, Files, new_loader
from checks.load import load_checks

WANTED = {"ec2": {"DescribeVolumes"}, "s3": {"ListBuckets"}, "apigateway": {"GetDocumentationPart"}}


@pytest.fixture(scope="module")
def few():
    session = botocore.session.Session()
    session.register_component("data_loader", new_loader(FewOperations(WANTED)))
    return session


@pytest.mark.parametrize("service", sorted(WANTED))
def test_only_the_operations_that_are_called_are_there(few, service):
    assert set(few.get_service_model(service).operation_names) == WANTED[service]


@pytest.mark.parametrize("service", sorted(WANTED))
def test_what_is_there_is_as_the_sdk_has_it(few, service):
    whole = botocore.session.Session().get_service_model(service)
    for name in WANTED[service]:
        ours = few.get_service_model(service).operation_model(name)
        theirs = whole.operation_model(name)
        for side in ("input_shape", "output_shape"):
            assert tree(getattr(ours, side)) == tree(getattr(theirs, side))
        assert ours.http == theirs.http
        assert ours.endpoint == theirs.endpoint


def tree(shape, above=()):
    """What a shape is, with all below it and without its prose."""
    if shape is None or shape.name in above:
        return shape and shape.name
    above = (*above, shape.name)
    facts = {key: value for key, value in shape.metadata.items() if key != "documentation"}
    match shape.type_name:
        case "structure":
            below = {name: tree(member, above) for name, member in shape.members.items()}
        case "list":
            below = tree(shape.member, above)
        case "map":
            below = (tree(shape.key, above), tree(shape.value, above))
        case _:
            below = None
    return (shape.type_name, facts, dict(shape.serialization), below)


def test_a_member_called_documentation_stays(few):
    model = few.get_service_model("apigateway").operation_model("GetDocumentationPart")
    assert "location" in model.output_shape.members
    body = few.get_service_model("apigateway").shape_for("DocumentationPart")
    assert body.metadata == {}


def test_a_file_that_is_not_there_is_nothing():
    assert FewOperations({}).load_file("/no/such/file") is None


def test_the_model_of_a_service_is_a_part_of_what_it_was():
    names = {call.name for check in load_checks().values()
             for call in check.calls(frozenset(facet.name for facet in check.facets))}  # fmt: skip
    ec2 = {name.split(":")[1] for name in names if name.startswith("ec2:")}
    path = "ec2/2016-11-15/service-2"
    whole = new_loader(Files()).load_data(path)
    part = new_loader(FewOperations({"ec2": ec2})).load_data(path)
    assert len(part["operations"]) == len(ec2)
    assert 5 * len(part["shapes"]) < len(whole["shapes"])
