"""Stages of HTTP APIs."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _stage(**settings: Any) -> Make:
    def make(client: ClientOf) -> str:
        gateway = client("apigatewayv2")
        api = gateway.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
        gateway.create_stage(ApiId=api, StageName="prod", **settings)
        return f"/apis/{api}/stages/prod"

    return make


_LOG = {"DestinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:api", "Format": "$context"}

CASES = (Case("aws-apigatewayv2-stage-logging", _stage(AccessLogSettings=_LOG), _stage()),)
