output "buckets" {
  description = "Bucket names by purpose, for --out s3://<outputs>/<campaign>."
  value       = module.storage.buckets
}
