variable "prefix" {
  description = "Begins the roles' names."
  type        = string
}

variable "oidc_provider_arn" {
  description = "The cluster's identity provider in IAM."
  type        = string
}

variable "oidc_issuer_url" {
  description = "Its issuer, with or without https://."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace that the Ray cluster runs in."
  type        = string
}

variable "render_service_account" {
  description = "Service account of workers that render."
  type        = string
}

variable "sign_service_account" {
  description = "Service account of workers that sign."
  type        = string
}

variable "bucket_arns" {
  description = "ARNs of the buckets by purpose: inputs, outputs, media, scratch."
  type        = map(string)
}

variable "storage_key_arn" {
  description = "The key that encrypts the buckets."
  type        = string
}

variable "signing_key_arn" {
  description = "The key that signs."
  type        = string
}

variable "object_prefix" {
  description = "Only objects whose names begin so may be read and written; empty for all."
  type        = string
}
