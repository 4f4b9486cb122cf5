variable "prefix" {
  description = "Begins the buckets' names."
  type        = string
}

variable "noncurrent_days" {
  description = "Days that a replaced or removed version of an output is kept."
  type        = number
}
