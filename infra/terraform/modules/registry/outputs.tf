output "urls" {
  description = "Where to push the images, by kind: cpu, gpu."
  value       = { for kind, repository in aws_ecr_repository.this : kind => repository.repository_url }
}

output "arns" {
  description = "Of the repositories, by kind."
  value       = { for kind, repository in aws_ecr_repository.this : kind => repository.arn }
}
