"""Log groups."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _group(days: int = 0, key: str = "") -> Make:
    def make(client: ClientOf) -> str:
        logs = client("logs")
        logs.create_log_group(logGroupName="/shop/web", **({"kmsKeyId": key} if key else {}))
        if days:
            logs.put_retention_policy(logGroupName="/shop/web", retentionInDays=days)
        return "log-group:/shop/web"

    return make


CASES = (
    Case("aws-logs-group-retention", _group(400), _group(30)),
    Case("aws-logs-group-retention-bounded", _group(400), _group()),
    Case("aws-logs-group-kms", _group(key=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"), _group()),
)
