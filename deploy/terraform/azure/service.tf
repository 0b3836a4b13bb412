module "target" {
  source = "./target"

  tenant            = var.tenant
  client_id         = azurerm_user_assigned_identity.agent.client_id
  subscriptions     = var.subscriptions
  management_groups = var.management_groups
  exclude           = var.exclude
  directory         = var.directory
  key_id            = azurerm_key_vault_key.signing.id
  account           = var.copies_account
  container         = var.copies_container
}

module "settings" {
  source = "../settings"

  target = module.target.target
  key    = module.target.key
  anchor = module.target.anchor

  origin      = var.origin
  retain_days = var.retain_days
  port        = var.port
  files       = var.files
  more        = var.settings
}

locals {
  store = "/var/lib/assay"

  environment = {
    # Of the several identities that an app may have, the one that writes the copies.
    AZURE_CLIENT_ID   = azurerm_user_assigned_identity.agent.client_id
    ASSAY_CONFIG      = "${local.store}/config/assay.yaml"
    ASSAY_FILES       = jsonencode(module.settings.files)
    ASSAY_HTTP_LISTEN = "0.0.0.0:${var.port}"
    ASSAY_STORE       = local.store
  }
}

resource "azurerm_log_analytics_workspace" "agent" {
  name                = var.name
  resource_group_name = azurerm_resource_group.agent.name
  location            = var.location
  sku                 = "PerGB2018"
  retention_in_days   = var.log_retention_days
  tags                = var.tags
}

# Without a public address: it is reached from the network that the subnet belongs to.
resource "azurerm_container_app_environment" "agent" {
  name                           = var.name
  resource_group_name            = azurerm_resource_group.agent.name
  location                       = var.location
  infrastructure_subnet_id       = var.subnet_id
  internal_load_balancer_enabled = true
  public_network_access          = "Disabled"
  logs_destination               = "log-analytics"
  log_analytics_workspace_id     = azurerm_log_analytics_workspace.agent.id
  tags                           = var.tags

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

resource "azurerm_container_app_environment_storage" "evidence" {
  name                         = "evidence"
  container_app_environment_id = azurerm_container_app_environment.agent.id
  nfs_server_url               = "${azurerm_storage_account.evidence.name}.file.core.windows.net"
  share_name                   = "/${azurerm_storage_account.evidence.name}/${azurerm_storage_share.evidence.name}"
  access_mode                  = "ReadWrite"
}

# A new revision would start beside the old one, wait for its lock on the log, never be ready, and so
# never replace it. Hence the app is made anew whenever what it runs changes: the old one ends first.
resource "terraform_data" "revision" {
  input = {
    image           = var.image
    preparing_image = var.preparing_image
    environment     = local.environment
    cpu             = var.cpu
  }
}

resource "azurerm_container_app" "agent" {
  name                         = var.name
  resource_group_name          = azurerm_resource_group.agent.name
  container_app_environment_id = azurerm_container_app_environment.agent.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  tags                         = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.agent.id]
  }

  dynamic "registry" {
    for_each = var.registry[*]

    content {
      server   = registry.value.server
      identity = azurerm_user_assigned_identity.agent.id
    }
  }

  ingress {
    external_enabled           = true # outside of the environment, which has no public address
    target_port                = var.port
    transport                  = "http"
    allow_insecure_connections = false

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }

    dynamic "ip_security_restriction" {
      for_each = var.client_cidrs

      content {
        name             = "clients-${ip_security_restriction.key}"
        action           = "Allow"
        ip_address_range = ip_security_restriction.value
      }
    }
  }

  template {
    min_replicas                     = 1
    max_replicas                     = 1
    termination_grace_period_seconds = 30

    init_container {
      name    = "prepare"
      image   = var.preparing_image
      cpu     = 0.25
      memory  = "0.5Gi"
      command = ["/bin/sh", "-c", "chown 10001:10001 ${local.store} && chmod 0700 ${local.store}"]

      volume_mounts {
        name = "evidence"
        path = local.store
      }
    }

    # It writes the configuration beside the evidence, and then becomes `assay serve`.
    container {
      name    = "agent"
      image   = var.image
      cpu     = var.cpu
      memory  = "${var.cpu * 2}Gi"
      command = ["/opt/assay/bin/python", "-c", file("${path.module}/../start.py")]
      args    = ["/opt/assay/bin/assay", "serve"]

      dynamic "env" {
        for_each = local.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      volume_mounts {
        name = "evidence"
        path = local.store
      }

      liveness_probe {
        transport               = "HTTP"
        port                    = var.port
        path                    = "/healthz"
        initial_delay           = 30
        interval_seconds        = 30
        failure_count_threshold = 3
      }

      readiness_probe {
        transport        = "HTTP"
        port             = var.port
        path             = "/healthz"
        interval_seconds = 10
      }
    }

    volume {
      name         = "evidence"
      storage_type = "NfsAzureFile"
      storage_name = azurerm_container_app_environment_storage.evidence.name
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.revision]
  }

  depends_on = [azurerm_role_assignment.registry, azurerm_role_assignment.signing, module.anchor, module.permissions]
}
