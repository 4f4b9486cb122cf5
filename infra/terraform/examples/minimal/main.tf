# Buckets, a key that signs and a place for images, in an account that has its Ray elsewhere.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 6.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
  default_tags {
    tags = { project = "spotmill" }
  }
}

module "spotmill" {
  source = "../.."
  prefix = "acme-spots"
}

output "spotmill" {
  description = "All that the campaigns and the cluster's manifests need to know."
  value       = module.spotmill
}
