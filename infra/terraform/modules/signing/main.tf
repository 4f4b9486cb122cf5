# The key that signs Content Credentials. It never leaves the key service: workers send a digest
# and get a signature. Without it, spots that were published stay valid, and no new one can be made.

data "aws_caller_identity" "this" {}

locals {
  signers = [
    for name in var.signer_role_names :
    "arn:aws:iam::${data.aws_caller_identity.this.account_id}:role/${name}"
  ]
}

resource "aws_kms_key" "this" {
  #checkov:skip=CKV_AWS_7:Keys for signing cannot be rotated by the service; docs/operations.md says how to change to a new one.
  description              = "${var.prefix}: signs Content Credentials (C2PA, ES256)"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_NIST_P256"
  deletion_window_in_days  = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AccountAdministers"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
        Action = [
          "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey",
          "kms:DisableKey", "kms:EnableKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
          "kms:GetPublicKey", "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies",
          "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
          "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      }],
      # Administering is not signing: only these may sign, whatever other policies say. They are named
      # in a condition, because a principal would have to exist before the key does.
      length(var.signer_role_names) == 0 ? [] : [
        {
          Sid       = "SignersSign"
          Effect    = "Allow"
          Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
          Action    = ["kms:Sign"]
          Resource  = "*"
          Condition = {
            ArnEquals    = { "aws:PrincipalArn" = local.signers }
            StringEquals = { "kms:SigningAlgorithm" = "ECDSA_SHA_256" }
          }
        },
      ]
    )
  })
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}-signing"
  target_key_id = aws_kms_key.this.key_id
}
