# Two roles, taken on by two Kubernetes service accounts (IRSA). Workers that render cannot sign,
# and those that sign can read and write only what signing needs.

locals {
  issuer = trimprefix(var.oidc_issuer_url, "https://")
  trusts = {
    for role, account in { render = var.render_service_account, sign = var.sign_service_account } : role => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Federated = var.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.issuer}:aud" = "sts.amazonaws.com"
            "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${account}"
          }
        }
      }]
    })
  }
  reads = [
    {
      Sid      = "ReadsObjects"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = [for purpose in ["inputs", "outputs", "media", "scratch"] : "${var.bucket_arns[purpose]}/${var.object_prefix}*"]
    },
    {
      Sid       = "ListsBuckets"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = values(var.bucket_arns)
      Condition = { StringLike = { "s3:prefix" = ["${var.object_prefix}*"] } }
    },
  ]
  writes = [
    {
      Sid      = "WritesObjects"
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
      Resource = [for purpose in ["outputs", "scratch"] : "${var.bucket_arns[purpose]}/${var.object_prefix}*"]
    },
    {
      Sid      = "UsesTheBucketsKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.storage_key_arn]
    },
  ]
  signs = [
    {
      Sid       = "Signs"
      Effect    = "Allow"
      Action    = ["kms:Sign"]
      Resource  = [var.signing_key_arn]
      Condition = { StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" } }
    },
    {
      Sid      = "KnowsItsKey"
      Effect   = "Allow"
      Action   = ["kms:GetPublicKey"]
      Resource = [var.signing_key_arn]
    },
  ]
  policies = {
    render = jsonencode({ Version = "2012-10-17", Statement = concat(local.reads, local.writes) })
    sign   = jsonencode({ Version = "2012-10-17", Statement = concat(local.reads, local.writes, local.signs) })
  }
}

resource "aws_iam_role" "this" {
  for_each             = local.trusts
  name                 = "${var.prefix}-${each.key}"
  description          = each.key == "sign" ? "Signs finished spots" : "Renders spots; cannot sign"
  assume_role_policy   = each.value
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies
  name     = each.key
  role     = aws_iam_role.this[each.key].id
  policy   = each.value
}
