output "buckets" {
  description = "Bucket names by purpose, for --out s3://<outputs>/<campaign>."
  value       = module.storage.buckets
}

output "signing_key" {
  description = "For `signing` in the campaign: the key's ARN and its name."
  value       = { arn = module.signing.key_arn, alias = module.signing.alias }
}

output "images" {
  description = "Where to push the images, by kind: cpu, gpu."
  value       = module.registry.urls
}

output "role_arns" {
  description = "For the service accounts in cluster/kubernetes: render, sign. Null without a cluster."
  value       = one(module.identity[*].role_arns)
}

output "cluster" {
  description = "Name and node groups of the cluster; null without one."
  value       = var.create_cluster ? { name = module.eks[0].name, groups = module.eks[0].groups } : null
}

output "missed_runs_queue" {
  description = "Nights that could not be started; null without schedules."
  value       = one(module.schedule[*].missed_runs_queue)
}
