variable "prefix" {
  description = "The cluster's name, and the beginning of all others."
  type        = string
}

variable "kubernetes_version" {
  description = "Minor version, as in \"1.33\"."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one per zone."
  type        = list(string)
}

variable "api_cidrs" {
  description = "Addresses outside the network that may reach the Kubernetes API; empty for none."
  type        = list(string)
}

variable "head_instance_types" {
  description = "Machines for the Ray head, best first."
  type        = list(string)
}

variable "cpu_instance_types" {
  description = "Machines for CPU workers, best first: more kinds, fewer interruptions."
  type        = list(string)
}

variable "cpu_nodes" {
  description = "Most CPU machines."
  type        = number
}

variable "gpu_groups" {
  description = "GPU machines by the group's name. `accelerator` is Ray's name of the card."
  type = map(object({
    accelerator    = string
    instance_types = list(string)
    nodes          = number
    spot           = bool
    disk_gb        = number
  }))
}
