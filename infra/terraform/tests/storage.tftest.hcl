# Planned, never made: the key that signs refuses to be destroyed at the end of a test.
mock_provider "aws" {
  override_during = plan
  mock_resource "aws_s3_bucket" {
    defaults = {
      arn = "arn:aws:s3:::mocked"
      id  = "mocked"
    }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/mocked", key_id = "mocked" }
  }
}

variables {
  prefix = "acme-spots"
}

run "buckets_are_named_by_their_purpose" {
  command = plan
  assert {
    condition = module.storage.buckets == {
      inputs  = "acme-spots-inputs"
      outputs = "acme-spots-outputs"
      media   = "acme-spots-media"
      scratch = "acme-spots-scratch"
    }
    error_message = "The buckets must carry the prefix and their purpose."
  }
  assert {
    condition     = output.role_arns == null && output.cluster == null && output.missed_runs_queue == null
    error_message = "Without a cluster and schedules there is nothing to tell of them."
  }
}

run "buckets_are_closed" {
  command = plan
  module { source = "./modules/storage" }
  variables {
    noncurrent_days = 30
    scratch_days    = 7
  }
  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ]) && length(aws_s3_bucket_public_access_block.this) == 4
    error_message = "Every bucket must refuse to be public."
  }
  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.tls_only : can(regex("aws:SecureTransport", policy.policy))])
    error_message = "Every bucket must refuse what does not come over TLS."
  }
  assert {
    condition = alltrue([
      for rules in aws_s3_bucket_lifecycle_configuration.this :
      anytrue([for rule in rules.rule : length(rule.abort_incomplete_multipart_upload) == 1])
    ])
    error_message = "Uploads that never end must be taken away."
  }
  assert {
    condition     = toset(keys(aws_s3_bucket_versioning.this)) == toset(["inputs", "outputs", "media"])
    error_message = "What must come back is versioned; scratch is not."
  }
  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this["scratch"].rule : length(rule.expiration) == 1])
    error_message = "Scratch must be emptied."
  }
}
