"""AWS: a boto3 session over accounts and regions, and the resource types as YAML, one file a service."""
