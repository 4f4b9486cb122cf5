# Four buckets, encrypted with a key of their own, over TLS only, and never public:
#   inputs   feeds, product photos, brand kits
#   outputs  spots, their media and ledger; versioned, so that a spot taken down can come back
#   media    what campaigns share: presenters, music, voices, model weights
#   scratch  previews and experiments; emptied by itself

locals {
  buckets = {
    inputs  = { versioned = true, expire_days = null }
    outputs = { versioned = true, expire_days = null }
    media   = { versioned = true, expire_days = null }
    scratch = { versioned = false, expire_days = var.scratch_days }
  }
}

data "aws_caller_identity" "this" {}

resource "aws_kms_key" "this" {
  description             = "${var.prefix}: encrypts the buckets"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.account_decides
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.prefix}-storage"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  account_decides = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RolesDecide"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Access is recorded by the account's CloudTrail data events, where it cannot be switched off per bucket.
  #checkov:skip=CKV_AWS_144:Spots can be rendered again from inputs and ledger; a second region is the advertiser's choice.
  #checkov:skip=CKV2_AWS_62:Nothing waits for an object to appear: runs are scheduled.
  #checkov:skip=CKV_AWS_21:Scratch is not versioned: what was removed there is to be gone.
  for_each      = local.buckets
  bucket        = "${var.prefix}-${each.key}"
  force_destroy = each.key == "scratch"
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = { for name, bucket in local.buckets : name => bucket if bucket.versioned }
  bucket   = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
    bucket_key_enabled = true # one call of the key service per bucket and hour, not per object
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.this[each.key].id
  rule {
    id     = "abort-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
  dynamic "rule" {
    for_each = each.value.versioned ? [var.noncurrent_days] : []
    content {
      id     = "old-versions"
      status = "Enabled"
      filter {}
      noncurrent_version_expiration {
        noncurrent_days = rule.value
      }
    }
  }
  dynamic "rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]
    content {
      id     = "expire"
      status = "Enabled"
      filter {}
      expiration {
        days = rule.value
      }
    }
  }
}

resource "aws_s3_bucket_policy" "tls_only" {
  for_each   = local.buckets
  bucket     = aws_s3_bucket.this[each.key].id
  depends_on = [aws_s3_bucket_public_access_block.this]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}
