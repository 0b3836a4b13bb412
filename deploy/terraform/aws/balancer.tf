# An internal load balancer, for people: TLS, and only from the networks that are named.

resource "aws_security_group" "balancer" {
  count = var.balancer == null ? 0 : 1

  name        = "${var.name}-balancer"
  description = "The load balancer of Assay"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_security_group_rule" "clients" {
  count = var.balancer == null ? 0 : 1

  type              = "ingress"
  description       = "Those who may see evidence"
  security_group_id = aws_security_group.balancer[0].id
  cidr_blocks       = var.balancer.client_cidrs
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_security_group_rule" "from_balancer" {
  count = var.balancer == null ? 0 : 1

  type                     = "ingress"
  description              = "The load balancer"
  security_group_id        = aws_security_group.agent.id
  source_security_group_id = aws_security_group.balancer[0].id
  protocol                 = "tcp"
  from_port                = var.port
  to_port                  = var.port
}

resource "aws_security_group_rule" "to_agent" {
  count = var.balancer == null ? 0 : 1

  type                     = "egress"
  description              = "The agent"
  security_group_id        = aws_security_group.balancer[0].id
  source_security_group_id = aws_security_group.agent.id
  protocol                 = "tcp"
  from_port                = var.port
  to_port                  = var.port
}

resource "aws_lb" "agent" {
  count = var.balancer == null ? 0 : 1

  name                       = var.name
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.balancer.subnet_ids
  security_groups            = [aws_security_group.balancer[0].id]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  tags                       = var.tags
}

resource "aws_lb_target_group" "agent" {
  count = var.balancer == null ? 0 : 1

  name                 = var.name
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = var.port
  deregistration_delay = 5
  tags                 = var.tags

  health_check {
    path    = "/healthz"
    matcher = "200"
  }
}

resource "aws_lb_listener" "agent" {
  count = var.balancer == null ? 0 : 1

  load_balancer_arn = aws_lb.agent[0].arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.balancer.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.agent[0].arn
  }
}
