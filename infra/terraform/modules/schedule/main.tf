# A campaign every night without KubeRay's cron: EventBridge Scheduler has Systems Manager run
# `ray job submit` on the machine that carries the Ray head. The submission id is campaign and day:
# Ray refuses the second job of a night, however often it is asked.

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

locals {
  arn    = "arn:${data.aws_partition.this.partition}"
  here   = "${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}"
  submit = "${path.module}/submit.sh.tftpl"
}

resource "aws_scheduler_schedule_group" "this" {
  name = var.prefix
}

resource "aws_scheduler_schedule" "this" {
  for_each                     = var.campaigns
  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Renders ${each.value.campaign}"
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = each.value.timezone
  kms_key_arn                  = var.key_arn
  state                        = each.value.enabled ? "ENABLED" : "DISABLED"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "${local.arn}:scheduler:::aws-sdk:ssm:sendCommand"
    role_arn = aws_iam_role.this.arn
    input = jsonencode({
      DocumentName   = "AWS-RunShellScript"
      Targets        = [{ Key = "tag:spotmill-ray-head", Values = [var.prefix] }]
      TimeoutSeconds = 600
      Parameters = {
        commands = [templatefile(local.submit, {
          name     = each.key
          campaign = each.value.campaign
          out      = each.value.out
          folder   = var.working_dir
        })]
      }
    })
    retry_policy {
      maximum_event_age_in_seconds = 3600 # a night missed for longer is left to the next
      maximum_retry_attempts       = 10
    }
    dead_letter_config {
      arn = aws_sqs_queue.missed.arn
    }
  }
}

resource "aws_sqs_queue" "missed" {
  name                      = "${var.prefix}-missed-runs"
  message_retention_seconds = 1209600
  kms_master_key_id         = var.key_arn
}

resource "aws_iam_role" "this" {
  name        = "${var.prefix}-schedule"
  description = "Starts campaigns on the Ray head"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "start"
  role = aws_iam_role.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RunsOneDocument"
        Effect   = "Allow"
        Action   = ["ssm:SendCommand"]
        Resource = ["${local.arn}:ssm:${data.aws_region.this.name}::document/AWS-RunShellScript"]
      },
      {
        Sid       = "OnTheRayHeadOnly"
        Effect    = "Allow"
        Action    = ["ssm:SendCommand"]
        Resource  = ["${local.arn}:ec2:${local.here}:instance/*"]
        Condition = { StringEquals = { "ssm:resourceTag/spotmill-ray-head" = var.prefix } }
      },
      {
        Sid      = "KeepsWhatWasMissed"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.missed.arn]
      },
      {
        Sid      = "UsesTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arn]
      },
    ]
  })
}
