"""AWS: a boto3 session over accounts and regions; the resource types are YAML, a file a service."""
