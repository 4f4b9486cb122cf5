# Planned, never made: the key that signs refuses to be destroyed at the end of a test.
mock_provider "aws" {
  override_during = plan
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mocked", key_id = "mocked" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mocked", id = "mocked" }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { identity = [{ oidc = [{ issuer = "https://oidc.example/id/1" }] }] }
  }
  mock_resource "aws_launch_template" {
    defaults = { id = "lt-0123456789abcdef0", latest_version = 1 }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/acme-spots/network" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:123456789012:missed", url = "https://sqs.example/missed" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  prefix         = "acme-spots"
  create_cluster = true
  gpu_groups     = { h100 = { accelerator = "H100", instance_types = ["p5.4xlarge"], nodes = 4 } }
  schedules = {
    nightly = { campaign = "s3://acme/campaign.yaml", out = "s3://acme/out", schedule = "cron(0 2 * * ? *)" }
  }
}

run "a_cluster_comes_whole" {
  command = plan
  assert {
    condition     = output.cluster.groups["h100"]["spotmill/accelerator"] == "H100" && output.cluster.groups["h100"]["spotmill/market"] == "spot"
    error_message = "GPU machines are labelled for the Ray cluster's node selectors."
  }
  assert {
    condition     = output.cluster.groups["head"]["spotmill/market"] == "on-demand"
    error_message = "The head must not vanish with the spot market."
  }
  assert {
    condition     = toset(keys(output.role_arns)) == toset(["render", "sign"])
    error_message = "With a cluster come the roles of its service accounts."
  }
}

run "machines_have_no_public_way_in" {
  command = plan
  module { source = "./modules/network" }
  variables {
    cidr        = "10.40.0.0/16"
    zones       = ["a", "b", "c"]
    nat         = true
    log_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/mocked"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch != true])
    error_message = "No machine gets a public address."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.40.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints.to_port == 443
    error_message = "The one way in is HTTPS from the network itself: no port of Ray, no SSH."
  }
}

run "the_api_is_private_and_machines_keep_their_role" {
  command = plan
  module { source = "./modules/eks" }
  variables {
    kubernetes_version  = "1.33"
    subnet_ids          = ["subnet-1", "subnet-2"]
    api_cidrs           = []
    head_instance_types = ["m7i.xlarge"]
    cpu_instance_types  = ["c7i.4xlarge"]
    cpu_nodes           = 4
    gpu_groups          = { h100 = { accelerator = "H100", instance_types = ["p5.4xlarge"], nodes = 4, spot = true, disk_gb = 300 } }
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access == false
    error_message = "Nobody named, nobody from outside."
  }
  assert {
    condition = alltrue([
      for template in aws_launch_template.node :
      template.metadata_options[0].http_tokens == "required" && template.metadata_options[0].http_put_response_hop_limit == 1
    ])
    error_message = "Pods must not reach the machine's own role."
  }
  assert {
    condition     = aws_eks_node_group.this["h100"].scaling_config[0].min_size == 0 && aws_eks_node_group.this["head"].capacity_type == "ON_DEMAND"
    error_message = "GPU machines go to none; the head stays."
  }
}

run "a_night_runs_once" {
  command = plan
  module { source = "./modules/schedule" }
  variables {
    campaigns   = { nightly = { campaign = "s3://acme/campaign.yaml", out = "s3://acme/out", schedule = "cron(0 2 * * ? *)", timezone = "UTC", enabled = true } }
    working_dir = "/opt/spotmill"
    key_arn     = "arn:aws:kms:eu-central-1:123456789012:key/mocked"
  }
  assert {
    condition     = strcontains(jsondecode(aws_scheduler_schedule.this["nightly"].target[0].input).Parameters.commands[0], "--submission-id \"nightly-$(date +%F)\"")
    error_message = "The submission id is campaign and day: Ray refuses the second."
  }
}
