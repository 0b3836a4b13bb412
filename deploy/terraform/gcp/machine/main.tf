# Writes what Container-Optimized OS does at each start (cloud-init): mount the disk, start the agent.
# It asks nobody anything and needs no provider, so that the tests can read what it writes.

terraform {
  required_version = ">= 1.5"
}

variable "image" {
  description = "The image, by registry and digest."
  type        = string
}

variable "port" {
  description = "The port that metrics and pages are served on."
  type        = number
}

variable "files" {
  description = "Files beside the evidence, path -> text; assay.yaml among them."
  type        = map(string)
}

locals {
  disk  = "/dev/disk/by-id/google-evidence"
  host  = "/mnt/disks/evidence"
  store = "/var/lib/assay"

  environment = {
    ASSAY_CONFIG      = "${local.store}/config/assay.yaml"
    ASSAY_FILES       = jsonencode(var.files)
    ASSAY_HTTP_LISTEN = "0.0.0.0:${var.port}"
    ASSAY_STORE       = local.store
  }

  # It writes the configuration beside the evidence, and then becomes `assay serve`.
  run = [
    "/usr/bin/docker", "run", "--rm", "--name", "assay",
    "--user", "10001:10001",
    "--read-only",
    "--tmpfs", "/tmp",
    "--cap-drop", "ALL",
    "--security-opt", "no-new-privileges",
    "--env-file", "/etc/assay/environment",
    "--volume", "${local.host}:${local.store}",
    "--volume", "/etc/assay/start.py:/etc/assay/start.py:ro",
    "--publish", "${var.port}:${var.port}",
    "--entrypoint", "/opt/assay/bin/python",
    var.image,
    "/etc/assay/start.py", "/opt/assay/bin/assay", "serve",
  ]

  unit = <<-UNIT
    [Unit]
    Description=The agent of Assay
    Wants=network-online.target
    After=docker.service network-online.target
    RequiresMountsFor=${local.host}

    [Service]
    Environment=HOME=/home/assay
    ExecStartPre=/usr/bin/mkdir -p /home/assay
    ExecStartPre=/usr/bin/docker-credential-gcr configure-docker --registries=${split("/", var.image)[0]}
    ExecStartPre=-/usr/bin/docker rm --force assay
    ExecStart=${join(" ", local.run)}
    ExecStop=/usr/bin/docker stop --time 30 assay
    Restart=always
    RestartSec=10
  UNIT

  document = {
    # Only a disk on which blkid finds nothing (exit code 2) is new; no other is ever made anew.
    bootcmd = [
      "blkid ${local.disk} || test $? -ne 2 || mkfs.ext4 -m 0 ${local.disk}",
      "fsck.ext4 -p ${local.disk} || test $? -eq 1",
      "mkdir -p ${local.host}",
      "mountpoint -q ${local.host} || mount -o nodev,nosuid,noexec ${local.disk} ${local.host}",
      "chown 10001:10001 ${local.host}",
      "chmod 0700 ${local.host}",
    ]
    write_files = [
      { path = "/etc/assay/start.py", permissions = "0444", content = file("${path.module}/../../start.py") },
      {
        path        = "/etc/assay/environment"
        permissions = "0400"
        content     = join("", [for name, value in local.environment : "${name}=${value}\n"])
      },
      { path = "/etc/systemd/system/assay.service", permissions = "0644", content = local.unit },
    ]
    runcmd = ["systemctl daemon-reload", "systemctl start assay.service"]
  }
}

output "user_data" {
  description = "The document for cloud-init."
  value       = "#cloud-config\n${yamlencode(local.document)}"
}
