"""Stages of REST APIs."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make
from moto_cases.wafv2 import web_acl

_LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:api"


def _stage(*changes: tuple[str, str]) -> Make:
    def make(client: ClientOf) -> str:
        gateway = client("apigateway")
        api = gateway.create_rest_api(name="shop")["id"]
        root = gateway.get_resources(restApiId=api)["items"][0]["id"]
        of = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        gateway.put_method(**of, authorizationType="NONE")
        gateway.put_integration(**of, type="MOCK")
        gateway.create_deployment(restApiId=api, stageName="prod")
        for path, value in changes:
            change = {"op": "replace", "path": path, "value": value}
            gateway.update_stage(restApiId=api, stageName="prod", patchOperations=[change])
        return f"/restapis/{api}/stages/prod"

    return make


def _guarded(client: ClientOf) -> str:
    path = _stage()(client)
    client("wafv2").associate_web_acl(
        WebACLArn=web_acl(client), ResourceArn=f"arn:aws:apigateway:{REGION}::{path}"
    )
    return path


CASES = (
    Case(
        "aws-apigateway-stage-logging",
        _stage(("/accessLogSettings/destinationArn", _LOG_GROUP)),
        _stage(("/*/*/logging/loglevel", "OFF")),
    ),
    Case(
        "aws-apigateway-stage-tracing",
        _stage(("/tracingEnabled", "true")),
        _stage(("/tracingEnabled", "false")),
    ),
    Case("aws-apigateway-stage-waf", _guarded, _stage()),
)
