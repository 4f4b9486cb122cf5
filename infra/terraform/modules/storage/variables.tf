variable "prefix" {
  description = "Begins the buckets' names."
  type        = string
}

variable "noncurrent_days" {
  description = "Days that a replaced or removed version of an object is kept."
  type        = number
}

variable "scratch_days" {
  description = "Days after which what lies in the scratch bucket is removed."
  type        = number
}
