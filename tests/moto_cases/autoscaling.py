"""Auto Scaling groups."""

from typing import Any

from moto_cases import REGION, Case, ClientOf, Make


def _image(client: ClientOf) -> str:
    made = client("ec2").register_image(
        Name="shop", Architecture="x86_64", RootDeviceName="/dev/sda1"
    )
    return str(made["ImageId"])


def _group(*, zones: str = "ab", **settings: Any) -> Make:
    def make(client: ClientOf) -> str:
        data = {"ImageId": _image(client), "InstanceType": "t3.micro"}
        made = client("ec2").create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData=data
        )
        template = made["LaunchTemplate"]["LaunchTemplateId"]
        given = {
            "MinSize": 1,
            "DesiredCapacity": 1,
            "MaxSize": 2,
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "$Latest"},
            **settings,
        }
        client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="web",
            AvailabilityZones=[f"{REGION}{zone}" for zone in zones],
            **given,
        )
        return "autoScalingGroupName/web"

    return make


def _configured(client: ClientOf) -> str:
    scaling = client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId=_image(client), InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="old",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )
    return "autoScalingGroupName/web"


def _balanced(health: str) -> Make:
    def make(client: ClientOf) -> str:
        client("elb").create_load_balancer(
            LoadBalancerName="web",
            Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
            AvailabilityZones=[f"{REGION}a"],
        )
        made = _group(LoadBalancerNames=["web"], HealthCheckType=health, HealthCheckGracePeriod=60)
        return made(client)

    return make


def _unhealthy(client: ClientOf) -> str:
    named = _group()(client)
    scaling = client("autoscaling")
    instances = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    scaling.set_instance_health(InstanceId=instances[0]["InstanceId"], HealthStatus="Unhealthy")
    return named


CASES = (
    Case("aws-asg-multi-az", _group(), _group(zones="a")),
    Case("aws-asg-elb-health-check", _balanced("ELB"), _balanced("EC2")),
    Case("aws-asg-instances-healthy", _group(), _unhealthy),
    Case("aws-asg-capacity-headroom", _group(), _group(DesiredCapacity=2)),
    Case("aws-asg-launch-template", _group(), _configured),
)
