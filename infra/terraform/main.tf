# The cloud that a campaign needs: buckets, the key that signs, images; and, if asked for, a network
# with a Kubernetes cluster for Ray, or a schedule for a Ray of another making.

locals {
  identity = var.create_cluster ? {
    provider = module.eks[0].oidc_provider_arn
    issuer   = module.eks[0].oidc_issuer_url
  } : var.cluster_identity == null ? null : { provider = var.cluster_identity.provider_arn, issuer = var.cluster_identity.issuer_url }
}

module "storage" {
  source          = "./modules/storage"
  prefix          = var.prefix
  noncurrent_days = var.noncurrent_days
  scratch_days    = var.scratch_days
}

module "signing" {
  source            = "./modules/signing"
  prefix            = var.prefix
  signer_role_names = concat(["${var.prefix}-sign"], var.more_signer_role_names)
}

module "registry" {
  source = "./modules/registry"
  prefix = var.prefix
}

module "identity" {
  count                  = var.create_cluster || var.cluster_identity != null ? 1 : 0
  source                 = "./modules/identity"
  prefix                 = var.prefix
  oidc_provider_arn      = local.identity.provider
  oidc_issuer_url        = local.identity.issuer
  namespace              = var.namespace
  render_service_account = var.service_accounts.render
  sign_service_account   = var.service_accounts.sign
  bucket_arns            = module.storage.bucket_arns
  storage_key_arn        = module.storage.key_arn
  signing_key_arn        = module.signing.key_arn
  object_prefix          = var.object_prefix
}

module "network" {
  count       = var.create_cluster ? 1 : 0
  source      = "./modules/network"
  prefix      = var.prefix
  cidr        = var.network_cidr
  zones       = var.zones
  nat         = var.nat
  log_key_arn = aws_kms_key.operations.arn
}

module "eks" {
  count               = var.create_cluster ? 1 : 0
  source              = "./modules/eks"
  prefix              = var.prefix
  kubernetes_version  = var.kubernetes_version
  subnet_ids          = module.network[0].private_subnet_ids
  api_cidrs           = var.api_cidrs
  head_instance_types = var.head_instance_types
  cpu_instance_types  = var.cpu_instance_types
  cpu_nodes           = var.cpu_nodes
  gpu_groups          = var.gpu_groups
}

module "schedule" {
  count       = length(var.schedules) > 0 ? 1 : 0
  source      = "./modules/schedule"
  prefix      = var.prefix
  campaigns   = var.schedules
  working_dir = var.working_dir
  key_arn     = aws_kms_key.operations.arn
}

# One key for what operations write: logs, schedules, the queue of missed runs.

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

resource "aws_kms_key" "operations" {
  description             = "${var.prefix}: encrypts logs, schedules and the queue of missed runs"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RolesDecide"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LogsAreEncrypted"
        Effect    = "Allow"
        Principal = { Service = "logs.${data.aws_region.this.name}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${data.aws_region.this.name}:${data.aws_caller_identity.this.account_id}:log-group:/${var.prefix}/*" }
        }
      },
    ]
  })
}
