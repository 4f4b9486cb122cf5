output "vpc_id" {
  description = "Of the network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "One per zone; all machines are in them."
  value       = aws_subnet.private[*].id
}
