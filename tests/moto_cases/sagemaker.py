"""SageMaker notebook instances."""

from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make


def _notebook(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("sagemaker").create_notebook_instance(
            NotebookInstanceName="lab",
            InstanceType="ml.t3.medium",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/lab",
            **options,
        )
        return "notebook-instance/lab"

    return make


CASES = (
    Case("aws-sagemaker-notebook-encrypted", _notebook(KmsKeyId="files"), _notebook()),
    Case(
        "aws-sagemaker-notebook-no-direct-internet",
        _notebook(DirectInternetAccess="Disabled", SubnetId="subnet-1", SecurityGroupIds=["sg-1"]),
        _notebook(DirectInternetAccess="Enabled"),
    ),
)
