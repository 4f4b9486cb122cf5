variable "prefix" {
  description = "Begins every name, so that several campaigns' clouds can share an account."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.prefix))
    error_message = "Use 3 to 31 lower-case letters, digits and dashes, a letter first: \"acme-spots\"."
  }
}

variable "noncurrent_days" {
  description = "Days that a replaced or removed version of an output is kept."
  type        = number
  default     = 30
  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "Use 1 day or more."
  }
}
