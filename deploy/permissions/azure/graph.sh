#!/bin/sh
# Written by `assay permissions azure --format shell`: grants what the rules in force read of
# Microsoft Graph, and no more. To be run once a tenant, by a Privileged Role Administrator:
#   sh graph.sh OBJECT_ID_OF_THE_SERVICE_PRINCIPAL_OR_MANAGED_IDENTITY
# The application permissions take effect at once; they need no consent beside.
set -eu
principal=${1:?the object id of the service principal or managed identity}
graph=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
for permission in \
  Application.Read.All \
  AuditLog.Read.All \
  Policy.Read.All \
  RoleManagement.Read.Directory \
  User.Read.All
do
  role=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 \
    --query "appRoles[?value=='$permission' && contains(allowedMemberTypes, 'Application')].id" \
    --output tsv)
  az rest --method POST \
    --uri "https://graph.microsoft.com/v1.0/servicePrincipals/$graph/appRoleAssignedTo" \
    --headers Content-Type=application/json \
    --body "{\"principalId\": \"$principal\", \"resourceId\": \"$graph\", \"appRoleId\": \"$role\"}"
done
