variable "prefix" {
  description = "Begins every name; the Ray head's machine carries it in its tag spotmill-ray-head."
  type        = string
}

variable "campaigns" {
  description = "What runs when, by a name that becomes part of the submission id."
  type = map(object({
    campaign = string
    out      = string
    schedule = string
    timezone = string
    enabled  = bool
  }))
}

variable "working_dir" {
  description = "Spotmill's checkout on the Ray head."
  type        = string
}

variable "key_arn" {
  description = "The key that encrypts schedules and the queue of missed runs."
  type        = string
}
