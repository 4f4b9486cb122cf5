output "key_arn" {
  description = "For `signing.key` in the campaign."
  value       = aws_kms_key.this.arn
}

output "alias" {
  description = "The key's name, the same after a change to another key."
  value       = aws_kms_alias.this.name
}
