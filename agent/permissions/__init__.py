"""The exact read-only permissions that the rules in force need, in the words of each cloud. Pure.

aws.py              the IAM policies, each within what IAM takes, and their JSON
terraform.py        a module with the role of AWS and its policies
cloudformation.py   a template of the same, for a stack or a StackSet
azure.py            the custom role, the permissions of Microsoft Graph, a module with both
gcp.py              the custom role, the scopes of the directory, a module
"""
