# All that can be made on a pretended AWS (moto's server), for the check that it is made, that a
# second plan finds nothing to do, and that it goes away again.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 6.0"
    }
  }
}

variable "endpoint" {
  description = "Where moto's server listens: http://127.0.0.1:<port>."
  type        = string
}

variable "create_cluster" {
  description = "Whether network and cluster are made, too."
  type        = bool
  default     = false
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
  endpoints {
    ec2       = var.endpoint
    ecr       = var.endpoint
    eks       = var.endpoint
    iam       = var.endpoint
    kms       = var.endpoint
    logs      = var.endpoint
    s3        = var.endpoint
    s3control = var.endpoint
    scheduler = var.endpoint
    sqs       = var.endpoint
    sts       = var.endpoint
  }
}

module "spotmill" {
  source         = "../.."
  prefix         = "acme-spots"
  create_cluster = var.create_cluster
  zones          = ["a", "b"]
  cluster_identity = var.create_cluster ? null : {
    provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/1"
    issuer_url   = "https://oidc.example/id/1"
  }
  schedules = {
    nightly = {
      campaign = "s3://acme-spots-inputs/campaign.yaml"
      out      = "s3://acme-spots-outputs/nightly"
      schedule = "cron(0 2 * * ? *)"
    }
  }
}

output "spotmill" {
  description = "All of the module's outputs."
  value       = module.spotmill
}
