output "buckets" {
  description = "Bucket names by purpose."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.bucket }
}

output "bucket_arns" {
  description = "Bucket ARNs by purpose."
  value       = { for purpose, bucket in aws_s3_bucket.this : purpose => bucket.arn }
}

output "key_arn" {
  description = "The key that encrypts them: who reads must be allowed to decrypt with it."
  value       = aws_kms_key.this.arn
}
