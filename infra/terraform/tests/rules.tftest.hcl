# What a wrong value is told, before anything is made.
mock_provider "aws" {}

run "a_bad_prefix_is_refused" {
  command = plan
  variables { prefix = "Acme Spots" }
  expect_failures = [var.prefix]
}

run "an_open_api_is_refused" {
  command = plan
  variables {
    prefix    = "acme-spots"
    api_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_cidrs]
}

run "one_account_for_rendering_and_signing_is_refused" {
  command = plan
  variables {
    prefix           = "acme-spots"
    service_accounts = { render = "worker", sign = "worker" }
  }
  expect_failures = [var.service_accounts]
}

run "a_prefix_without_its_slash_is_refused" {
  command = plan
  variables {
    prefix        = "acme-spots"
    object_prefix = "acme"
  }
  expect_failures = [var.object_prefix]
}

run "a_command_in_a_schedule_is_refused" {
  command = plan
  variables {
    prefix = "acme-spots"
    schedules = {
      nightly = { campaign = "x.yaml'; id; '", out = "s3://acme/out", schedule = "cron(0 2 * * ? *)" }
    }
  }
  expect_failures = [var.schedules]
}

run "a_gpu_group_called_head_is_refused" {
  command = plan
  variables {
    prefix     = "acme-spots"
    gpu_groups = { head = { accelerator = "H100", instance_types = ["p5.4xlarge"], nodes = 1 } }
  }
  expect_failures = [var.gpu_groups]
}
