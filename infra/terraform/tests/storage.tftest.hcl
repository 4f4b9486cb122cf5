mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = {
      arn = "arn:aws:s3:::mocked"
      id  = "mocked"
    }
  }
}

run "buckets_are_named_and_closed" {
  variables {
    prefix = "acme-spots"
  }
  assert {
    condition     = module.storage.buckets == { inputs = "acme-spots-inputs", outputs = "acme-spots-outputs" }
    error_message = "The buckets must carry the prefix and their purpose."
  }
}

run "a_bad_prefix_is_refused" {
  command = plan
  variables {
    prefix = "Acme Spots"
  }
  expect_failures = [var.prefix]
}
