"""Alarms on what the trail records: a trail, its log group, a filter, a topic and who listens."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make

_GROUP = "trail"
_LOGIN = "($.eventName = ConsoleLogin)"


def _alarm(pattern: str, *, subscribed: bool = True) -> Make:
    def make(client: ClientOf) -> str:
        _trail(client)
        topic = client("sns").create_topic(Name="security")["TopicArn"]
        if subscribed:
            client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_queue(client))
        metric = {"metricName": "Seen", "metricNamespace": "Trail", "metricValue": "1"}
        client("logs").put_metric_filter(
            logGroupName=_GROUP,
            filterName="seen",
            filterPattern=pattern,
            metricTransformations=[metric],
        )
        client("cloudwatch").put_metric_alarm(
            AlarmName="seen",
            MetricName="Seen",
            Namespace="Trail",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[topic],
        )
        return ""

    return make


def _trail(client: ClientOf) -> None:
    client("s3").create_bucket(Bucket="shop-trail")
    client("logs").create_log_group(logGroupName=_GROUP)
    client("cloudtrail").create_trail(
        Name="everything",
        S3BucketName="shop-trail",
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{_GROUP}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )


def _queue(client: ClientOf) -> str:
    client("sqs").create_queue(QueueName="on-call")
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:on-call"


def _named(*events: str) -> str:
    return "{ " + " || ".join(f"($.eventName = {event})" for event in events) + " }"


def _case(rule: str, pattern: str, other: str = "") -> Case:
    """Bad is the same alarm on another pattern, or, where none is given, with nobody listening."""
    bad = _alarm(other) if other else _alarm(pattern, subscribed=False)
    return Case(rule, _alarm(pattern), bad)


_IAM = [
    *(f"{verb}{kind}Policy" for verb in ("Put", "Delete") for kind in ("User", "Group", "Role")),
    *(f"{verb}{kind}Policy" for verb in ("Attach", "Detach") for kind in ("User", "Group", "Role")),
    *("CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion"),
]
_TRAILS = ["CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"]
_BUCKETS = [
    "PutBucketAcl",
    *(f"PutBucket{kind}" for kind in ("Policy", "Cors", "Lifecycle", "Replication")),
    *(f"DeleteBucket{kind}" for kind in ("Policy", "Cors", "Lifecycle", "Replication")),
]
_CONFIG = [
    *("PutConfigurationRecorder", "StopConfigurationRecorder"),
    *("PutDeliveryChannel", "DeleteDeliveryChannel"),
]
_GROUPS = [
    *("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "CreateSecurityGroup"),
    *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteSecurityGroup"),
]
_ACLS = [
    *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
    *("ReplaceNetworkAclEntry", "ReplaceNetworkAclAssociation"),
]
_GATEWAYS = [
    *("CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway"),
    *("CreateInternetGateway", "DeleteInternetGateway", "DetachInternetGateway"),
]
_ROUTES = [
    *("CreateRoute", "CreateRouteTable", "ReplaceRoute", "ReplaceRouteTableAssociation"),
    *("DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable"),
]
_NETWORKS = [
    *("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection"),
    *(f"{verb}VpcPeeringConnection" for verb in ("Create", "Delete", "Reject")),
]
_ORGANIZATION = [
    *("AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit"),
    *("CreatePolicy", "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit"),
    *("DeletePolicy", "DetachPolicy", "DisablePolicyType", "EnablePolicyType"),
    *("InviteAccountToOrganization", "LeaveOrganization", "MoveAccount"),
    *("RemoveAccountFromOrganization", "UpdateOrganizationalUnit", "UpdatePolicy"),
]

CASES = (
    _case(
        "aws-alarm-unauthorized-calls",
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        '{ $.errorCode = "AccessDenied*" }',
    ),
    _case(
        "aws-alarm-console-without-mfa",
        f'{{ {_LOGIN} && ($.additionalEventData.MFAUsed != "Yes") }}',
        f"{{ {_LOGIN} }}",
    ),
    _case(
        "aws-alarm-root-usage",
        '{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }',
        '{ $.userIdentity.type = "IAMUser" }',
    ),
    _case("aws-alarm-iam-changes", _named(*_IAM), _named(*_IAM[1:])),
    _case("aws-alarm-cloudtrail-changes", _named(*_TRAILS)),
    _case(
        "aws-alarm-console-failures",
        f'{{ {_LOGIN} && ($.errorMessage = "Failed authentication") }}',
        f"{{ {_LOGIN} }}",
    ),
    _case("aws-alarm-kms-deletion", _named("DisableKey", "ScheduleKeyDeletion")),
    _case("aws-alarm-s3-policy-changes", _named(*_BUCKETS), _named(*_BUCKETS[1:])),
    _case("aws-alarm-config-changes", _named(*_CONFIG)),
    _case("aws-alarm-security-group-changes", _named(*_GROUPS), _named(*_GROUPS[1:])),
    _case("aws-alarm-network-acl-changes", _named(*_ACLS), _named(*_ACLS[1:])),
    _case("aws-alarm-gateway-changes", _named(*_GATEWAYS), _named(*_GATEWAYS[1:])),
    _case("aws-alarm-route-changes", _named(*_ROUTES), _named(*_ROUTES[1:])),
    _case("aws-alarm-vpc-changes", _named(*_NETWORKS), _named(*_NETWORKS[1:])),
    _case("aws-alarm-organization-changes", _named(*_ORGANIZATION), _named(*_ORGANIZATION[1:])),
)
