"""Clusters, services and task definitions of ECS."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _task(**container: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("ecs").register_task_definition(
            family="shop",
            containerDefinitions=[{"name": "web", "image": "shop:1", "memory": 64, **container}],
        )
        return "task-definition/shop"

    return make


def _variable(name: str, value: str) -> Make:
    return _task(environment=[{"name": name, "value": value}])


def _cluster(insights: str) -> Make:
    def make(client: ClientOf) -> str:
        settings = [{"name": "containerInsights", "value": insights}]
        client("ecs").create_cluster(clusterName="shop", settings=settings)
        return "cluster/shop"

    return make


def _service(public_ip: str) -> Make:
    def make(client: ClientOf) -> str:
        ec2, ecs = client("ec2"), client("ecs")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
        network = {"subnets": [subnet], "securityGroups": [group], "assignPublicIp": public_ip}
        ecs.create_cluster(clusterName="shop")
        _task()(client)
        ecs.create_service(
            cluster="shop",
            serviceName="web",
            taskDefinition="shop",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )
        return "service/shop/web"

    return make


CASES = (
    Case("aws-ecs-task-not-privileged", _task(), _task(privileged=True)),
    Case(
        "aws-ecs-task-env-no-secrets",
        _variable("STAGE", "prod"),
        _variable("DB_PASSWORD", "hunter2"),
    ),
    Case("aws-ecs-task-readonly-root", _task(readonlyRootFilesystem=True), _task()),
    Case("aws-ecs-task-logging", _task(logConfiguration={"logDriver": "awslogs"}), _task()),
    Case("aws-ecs-task-non-root", _task(user="1000:1000"), _task(user="0")),
    Case("aws-ecs-container-insights", _cluster("enabled"), _cluster("disabled")),
    Case("aws-ecs-service-no-public-ip", _service("DISABLED"), _service("ENABLED")),
)
