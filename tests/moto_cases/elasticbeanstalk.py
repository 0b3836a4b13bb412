"""Elastic Beanstalk environments."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Canned


def _environment(enabled: str) -> dict[str, dict[str, Any]]:
    arn = f"arn:aws:elasticbeanstalk:{REGION}:{ACCOUNT}:environment/shop/shop-web"
    settings = [
        ("aws:elasticbeanstalk:application:environment", "STAGE", "prod"),
        ("aws:elasticbeanstalk:managedactions", "PreferredStartTime", "Tue:09:00"),
        ("aws:elasticbeanstalk:managedactions", "ManagedActionsEnabled", enabled),
    ]
    return {
        "elasticbeanstalk:DescribeEnvironments": {
            "Environments": [
                {"ApplicationName": "shop", "EnvironmentName": "shop-web", "EnvironmentArn": arn}
            ]
        },
        "elasticbeanstalk:DescribeConfigurationSettings": {
            "ConfigurationSettings": [
                {
                    "ApplicationName": "shop",
                    "EnvironmentName": "shop-web",
                    "OptionSettings": [
                        {"Namespace": space, "OptionName": name, "Value": value}
                        for space, name, value in settings
                    ],
                }
            ]
        },
    }


# moto has no DescribeConfigurationSettings.
CASES = (Canned("aws-beanstalk-managed-updates", _environment("true"), _environment("false")),)
