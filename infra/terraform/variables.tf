variable "prefix" {
  description = "Begins every name, so that several clouds can share an account."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.prefix))
    error_message = "Use 3 to 31 lower-case letters, digits and dashes, a letter first: \"acme-spots\"."
  }
}

# Storage

variable "noncurrent_days" {
  description = "Days that a replaced or removed version of an object is kept."
  type        = number
  default     = 30
  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "Use 1 day or more."
  }
}

variable "scratch_days" {
  description = "Days after which what lies in the scratch bucket is removed."
  type        = number
  default     = 7
  validation {
    condition     = var.scratch_days >= 1
    error_message = "Use 1 day or more."
  }
}

variable "object_prefix" {
  description = "Workers may read and write only objects whose names begin so, as in \"acme/\"; empty for all."
  type        = string
  default     = ""
  validation {
    condition     = var.object_prefix == "" || can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*/$", var.object_prefix))
    error_message = "End it with a slash and begin it without: \"acme/\"."
  }
}

# Signing

variable "more_signer_role_names" {
  description = "Further roles of this account that may sign, beside the cluster's own."
  type        = list(string)
  default     = []
}

# Workers

variable "namespace" {
  description = "Kubernetes namespace that the Ray cluster runs in."
  type        = string
  default     = "spotmill"
  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "Use a Kubernetes name: lower-case letters, digits and dashes, at most 63."
  }
}

variable "service_accounts" {
  description = "Names of the service accounts that render and that sign."
  type        = object({ render = string, sign = string })
  default     = { render = "spotmill-render", sign = "spotmill-sign" }
  validation {
    condition     = var.service_accounts.render != var.service_accounts.sign
    error_message = "Two accounts: whoever renders must not be able to sign."
  }
}

variable "cluster_identity" {
  description = "The identity provider in IAM of a cluster that is there already; null with create_cluster."
  type        = object({ provider_arn = string, issuer_url = string })
  default     = null
  validation {
    condition     = var.cluster_identity == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/", var.cluster_identity.provider_arn))
    error_message = "provider_arn is that of an IAM OIDC provider: arn:aws:iam::<account>:oidc-provider/<issuer>."
  }
}

# Cluster

variable "create_cluster" {
  description = "Whether to make a network and a Kubernetes cluster in it."
  type        = bool
  default     = false
}

variable "network_cidr" {
  description = "Addresses of the network, /16 to /20."
  type        = string
  default     = "10.40.0.0/16"
  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && try(tonumber(split("/", var.network_cidr)[1]) >= 16 && tonumber(split("/", var.network_cidr)[1]) <= 20, false)
    error_message = "Use a block of /16 to /20: \"10.40.0.0/16\"."
  }
}

variable "zones" {
  description = "Letters of the region's availability zones to use: more zones, more spot machines to be had."
  type        = list(string)
  default     = ["a", "b", "c"]
  validation {
    condition     = length(var.zones) >= 2 && length(distinct(var.zones)) == length(var.zones) && alltrue([for letter in var.zones : can(regex("^[a-f]$", letter))])
    error_message = "Name two or more, each once: [\"a\", \"b\"]."
  }
}

variable "nat" {
  description = "Whether machines may reach out: for images of other registries, model hubs, time-stamp authorities."
  type        = bool
  default     = true
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  default     = "1.33"
  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "Use a minor version: \"1.33\"."
  }
}

variable "api_cidrs" {
  description = "Addresses outside the network that may reach the Kubernetes API; empty: none, it is private."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for cidr in var.api_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Name blocks of your own, as in \"203.0.113.0/24\"; never all addresses."
  }
}

variable "head_instance_types" {
  description = "Machines for the Ray head, best first."
  type        = list(string)
  default     = ["m7i.xlarge", "m6i.xlarge"]
}

variable "cpu_instance_types" {
  description = "Machines for CPU workers, best first."
  type        = list(string)
  default     = ["c7i.4xlarge", "c6i.4xlarge", "m7i.4xlarge", "m6i.4xlarge"]
}

variable "cpu_nodes" {
  description = "Most CPU machines at a time."
  type        = number
  default     = 10
  validation {
    condition     = var.cpu_nodes >= 1
    error_message = "Use 1 or more: all stages but the video model run on them."
  }
}

variable "gpu_groups" {
  description = "GPU machines by group. `accelerator` is Ray's name of the card, as in a hardware profile."
  type = map(object({
    accelerator    = string
    instance_types = list(string)
    nodes          = number
    spot           = optional(bool, true)
    disk_gb        = optional(number, 300)
  }))
  default = {}
  validation {
    condition     = alltrue([for name, group in var.gpu_groups : can(regex("^[a-z][a-z0-9-]{0,20}$", name)) && !contains(["head", "cpu"], name) && group.nodes >= 1 && group.disk_gb >= 100])
    error_message = "Names in lower case, not head or cpu; 1 node or more; 100 GB of disk or more, for weights."
  }
}

# Schedule, where KubeRay's cron is not there

variable "schedules" {
  description = "Campaigns that EventBridge starts on the machine tagged spotmill-ray-head=<prefix>, by name."
  type = map(object({
    campaign = string
    out      = string
    schedule = string
    timezone = optional(string, "UTC")
    enabled  = optional(bool, true)
  }))
  default = {}
  validation {
    condition     = alltrue([for name, run in var.schedules : can(regex("^[a-z0-9][a-z0-9-]{0,40}$", name)) && can(regex("^(cron|rate|at)\\(.+\\)$", run.schedule)) && can(regex("^s3://[A-Za-z0-9._/-]+$", run.out)) && can(regex("^(s3://)?[A-Za-z0-9._/-]+$", run.campaign))])
    error_message = "Names in lower case; schedule as in \"cron(0 2 * * ? *)\"; campaign a path or s3://, out an s3:// place, both of letters, digits, dots, dashes and slashes."
  }
}

variable "working_dir" {
  description = "Spotmill's checkout on the machine with the Ray head."
  type        = string
  default     = "/opt/spotmill"
  validation {
    condition     = can(regex("^/[A-Za-z0-9._/-]+$", var.working_dir))
    error_message = "Use an absolute path of letters, digits, dots, dashes and slashes."
  }
}
