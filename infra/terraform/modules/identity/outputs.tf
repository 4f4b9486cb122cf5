output "role_arns" {
  description = "For the annotation eks.amazonaws.com/role-arn of the service accounts: render, sign."
  value       = { for role, made in aws_iam_role.this : role => made.arn }
}
