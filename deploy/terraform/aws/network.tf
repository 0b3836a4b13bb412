resource "aws_security_group" "agent" {
  name        = "${var.name}-agent"
  description = "The agent of Assay"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_security_group_rule" "scrapers" {
  count = length(var.scraper_security_group_ids)

  type                     = "ingress"
  description              = "Those who read metrics and pages"
  security_group_id        = aws_security_group.agent.id
  source_security_group_id = var.scraper_security_group_ids[count.index]
  protocol                 = "tcp"
  from_port                = var.port
  to_port                  = var.port
}

resource "aws_security_group_rule" "outside" {
  for_each = toset([for port in var.egress_ports : tostring(port)])

  type              = "egress"
  description       = "The APIs of the clouds"
  security_group_id = aws_security_group.agent.id
  cidr_blocks       = ["0.0.0.0/0"]
  protocol          = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
}

resource "aws_security_group_rule" "to_evidence" {
  type                     = "egress"
  description              = "The store"
  security_group_id        = aws_security_group.agent.id
  source_security_group_id = aws_security_group.evidence.id
  protocol                 = "tcp"
  from_port                = 2049
  to_port                  = 2049
}

resource "aws_security_group" "evidence" {
  name        = "${var.name}-evidence"
  description = "The store of Assay"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_security_group_rule" "from_agent" {
  type                     = "ingress"
  description              = "The agent"
  security_group_id        = aws_security_group.evidence.id
  source_security_group_id = aws_security_group.agent.id
  protocol                 = "tcp"
  from_port                = 2049
  to_port                  = 2049
}
