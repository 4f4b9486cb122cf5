output "name" {
  description = "For aws eks update-kubeconfig --name."
  value       = aws_eks_cluster.this.name
}

output "oidc_provider_arn" {
  description = "For roles that service accounts take on."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "oidc_issuer_url" {
  description = "The issuer of the service accounts' tokens."
  value       = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

output "groups" {
  description = "Node groups: their labels, for the node selectors of the Ray cluster."
  value       = { for name, group in aws_eks_node_group.this : name => group.labels }
}
