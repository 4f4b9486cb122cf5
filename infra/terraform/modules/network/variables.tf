variable "prefix" {
  description = "Begins every name."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network."
  type        = string
}

variable "zones" {
  description = "Letters of the availability zones."
  type        = list(string)
}

variable "nat" {
  description = "Whether machines may reach out through a NAT gateway."
  type        = bool
}

variable "log_key_arn" {
  description = "The key that encrypts the logs."
  type        = string
}
