# All of it: network, Kubernetes with GPU machines on the spot market, roles, and a nightly campaign
# for a Ray that does not run there. Keep the state in a bucket with a lock.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 6.0"
    }
  }
  # backend "s3" {
  #   bucket       = "acme-terraform"
  #   key          = "spotmill.tfstate"
  #   region       = "eu-central-1"
  #   encrypt      = true
  #   use_lockfile = true
  # }
}

provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { project = "spotmill", environment = "production" }
  }
}

module "spotmill" {
  source          = "../.."
  prefix          = "acme-spots"
  noncurrent_days = 90
  object_prefix   = "acme/"
  create_cluster  = true
  zones           = ["a", "b", "c"]
  api_cidrs       = ["203.0.113.0/24"] # the office
  cpu_nodes       = 40
  gpu_groups = {
    h100 = {
      accelerator    = "H100"
      instance_types = ["p5.4xlarge", "p5.48xlarge"]
      nodes          = 20
    }
    l40s = {
      accelerator    = "L40S"
      instance_types = ["g6e.4xlarge", "g6e.8xlarge"]
      nodes          = 20
    }
  }
  schedules = {
    "acme-nightly" = {
      campaign = "s3://acme-spots-inputs/acme/campaign.yaml"
      out      = "s3://acme-spots-outputs/acme/nightly"
      schedule = "cron(0 2 * * ? *)"
      timezone = "Europe/Berlin"
    }
  }
}

output "spotmill" {
  description = "All that the campaigns and the cluster's manifests need to know."
  value       = module.spotmill
}
